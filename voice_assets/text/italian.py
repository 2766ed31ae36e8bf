"""The conventions of written Italian. The notation is that of ``text.conventions``."""

from collections.abc import Sequence

from voice_assets.text.conventions import Conventions, currencies, hours, minutes, next_hour, scales, table
from voice_assets.text.number_words import word_list


def _clock(hour: int, minute: int) -> Sequence[str]:
    spoken = [f"#{one}" for one in hours(hour)]
    after = [f"#{one}" for one in next_hour(hour)]
    spoken += ["mezzanotte"] if hour in (0, 24) else ["mezzogiorno"] if hour == 12 else []
    if minute == 0:
        return [f"{one} in| punto|" for one in spoken] + [f"{one} #0 #0" for one in spoken[:1]]
    found = [f"{one} e| {minutes(minute)} minuti|minuto|" for one in spoken]
    if minute in (15, 30):
        found += [f"{one} e {'un| quarto' if minute == 15 else 'mezza|mezzo'}" for one in spoken]
    if minute > 30:
        found += [f"{one} meno {'un| quarto' if minute == 45 else f'#{60 - minute}'}" for one in after]
    if minute == 45:
        found += [f"{one} e tre quarti" for one in spoken]
    return found


ITALIAN = Conventions(
    "it",
    point="virgola|punto",
    minus="meno",
    to="a|al|e|o|meno|trattino|",
    over="|su|barra|per|di",
    signs=table("""
        &: e|and|; %: per_cento|percento; @: chiocciola|at; =: uguale|è_uguale_a|fa|; +: più|e|; #: |cancelletto|numero|hashtag;
        §: paragrafo|; ÷: diviso; ×: per; /: |barra|o|per|su; *: |per|asterisco; ±: più_o_meno; °: gradi|grado; €: euro;
        $: dollari|dollaro; £: sterline|sterlina; -: |meno|trattino|a; –: |a; −: meno; №: numero; ~: |circa;
        <: |minore_di|è_minore_di; >: |maggiore_di|è_maggiore_di; √: la| radice quadrata| di;
        ≤: è| minore o uguale a; ≥: è| maggiore o uguale a; <=: è| minore o uguale a; >=: è| maggiore o uguale a;
    """),
    currencies=currencies("""
        $: dollari|dollaro + centesimi|centesimo; US$: dollari|dollaro + centesimi; €: euro + centesimi|centesimo;
        £: sterline|sterlina + pence|penny; EUR: euro + centesimi; USD: dollari|dollaro + centesimi;
        euro: euro + centesimi|centesimo; dollari: dollari + centesimi; ¢: centesimi|centesimo +;
    """),
    money_link="e|virgola|",
    units=table("""
        km/h: chilometri|chilometro all_ora|orari|l_ora|per_ora; m/s: metri|metro al secondo; km: chilometri|chilometro;
        km²: chilometri|chilometro quadrati|quadrato; m²: metri|metro quadrati|quadrato|quadri;
        m2: metri|metro quadrati|quadrato|quadri; mq: metri|metro quadrati|quadrato|quadri; m³: metri|metro cubi|cubo;
        cm: centimetri|centimetro; mm: millimetri|millimetro; m: metri|metro; kg: chilogrammi|chilogrammo|chili|chilo;
        mg: milligrammi|milligrammo; g: grammi|grammo; gr: grammi|grammo; l: litri|litro; ml: millilitri|millilitro; hz: hertz;
        khz: chilohertz; mhz: megahertz; ghz: gigahertz; kb: kilobyte; mb: megabyte; gb: gigabyte|giga; tb: terabyte;
        kw: chilowatt|kilowatt; w: watt; v: volt; a: ampere; db: decibel; min: minuti|minuto; sec: secondi|secondo;
        s: secondi|secondo; h: ore|ora; ha: ettari|ettaro; t: tonnellate|tonnellata; %: per_cento|percento; ‰: per_mille;
        °: gradi|grado; °c: gradi|grado centigradi|celsius|; °f: gradi|grado fahrenheit; x: per|volte|x; kcal: chilocalorie;
        px: pixel;
    """),
    scales=scales("""
        mila: 1000; mille: 1000; milione: 1000000; milioni: 1000000; mln: 1000000; miliardo: 1000000000; miliardi: 1000000000;
        mld: 1000000000; mrd: 1000000000; k: 1000;
    """),
    abbreviations=table("""
        sig: signor|signore; sig.ra: signora; sig.na: signorina; sigg: signori; sig.: signor|signore; dott: dottor|dottore;
        dott.ssa: dottoressa; dr: dottor|dottore; dr.ssa: dottoressa; prof: professor|professore; prof.ssa: professoressa;
        ing.: ingegner|ingegnere; avv: avvocato; arch: architetto; rag.: ragionier|ragioniere; geom: geometra; on.: onorevole;
        sen.: senatore|senatrice; gen.: generale|gennaio; col.: colonnello; cap.: capitolo|capitano; s.: san|santo|santa;
        ss: santissimo|santi; ecc: eccetera|ecceteta; es.: esempio; p. es.: per_esempio; p.es.: per_esempio; ad es.: ad_esempio;
        per es.: per_esempio; pag: pagina; pagg: pagine; p.zza: piazza; v.le: viale; c.so: corso; p.le: piazzale; v.: via|vedi;
        tel: telefono; cell: cellulare; fig: figura; vol: volume; art: articolo; n.: numero; num: numero; ca: circa;
        a.c.: avanti_cristo|ac; d.c.: dopo_cristo|dc; a. c.: avanti_cristo; d. c.: dopo_cristo; sec: secolo|secondi;
        min: minuti|minimo; max: massimo; feb.: febbraio; mar.: marzo|martedì; apr.: aprile; mag.: maggio; giu.: giugno;
        lug.: luglio; ago.: agosto; set.: settembre; sett: settembre|settimana; ott: ottobre; nov.: novembre; dic.: dicembre;
        lun.: lunedì; mer.: mercoledì; gio.: giovedì; ven.: venerdì; sab.: sabato; dom.: domenica;
        s.p.a.: spa|s_p_a|società_per_azioni; s.r.l.: srl|s_r_l; u.s.a.: usa|u_s_a; vs: versus|contro; f.lli: fratelli;
        egr: egregio; gent.mo: gentilissimo; gent.ma: gentilissima; cfr: confronta; sigg.: signori;
        c.a.: ca|corrente_anno|alla_cortese_attenzione;
    """),
    also_words=frozenset(
        word_list("""
        ago. apr. art ca cap. col. dom. don es. fig gen. mar. max min n. num on. prof s. sec set. ss v.
        ven. vol
    """)
    ),
    before_figures=table("""
        n.: numero; n°: numero; nº: numero; №: numero; num: numero; pag: pagina; p.: pagina; pp.: pagine; art: articolo;
        cap: capitolo; fig: figura; vol: volume; #: numero|cancelletto|; §: paragrafo;
    """),
    words=table("""
        percento: percento|per_cento; ok: ok|okay; okay: okay|ok; un: un|uno; po: po|poco;
    """),
    ordinal=r"(?:[ºª°](?![CF])|esim[oaie](?!\w)|m[oa](?!\w)|[oa](?!\w))",
    article="il|la|lo|",
    clock=_clock,
    clock_after=r"\s?(?:ore|h)(?!\w)",
    clock_marks=":.",
    squared="al quadrato",
    cubed="al cubo",
    power=(
        "alla {e}o",
        "elevato|elevata alla|a {e}o|{e}",
    ),
    times="per|x|",
    apostrophe="split",
    dot="punto",
    at="chiocciola|at",
    months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
)
