"""The conventions of written German. The notation is that of ``text.conventions``."""

from collections.abc import Sequence

from voice_assets.text.conventions import Conventions, currencies, hours, minutes, next_hour, scales, table
from voice_assets.text.number_words import word_list


def _clock(hour: int, minute: int) -> Sequence[str]:
    spoken = [f"#{one}" for one in hours(hour)]
    if minute == 0:
        noon = ["mitternacht"] if hour in (0, 24) else ["mittag|mittags"] if hour == 12 else []
        return [f"{one} uhr|" for one in spoken] + [f"#{hour} uhr| #0 #0", *noon]
    found = [f"{one} uhr| und| {minutes(minute)} minuten|minute|" for one in spoken]
    found += [f"{one} {minutes(minute)} uhr" for one in spoken]
    found += [f"#{minute} minuten|minute| nach {one} uhr|" for one in spoken]
    found += [f"viertel nach {one} uhr|" for one in spoken] if minute == 15 else []
    return found + [f"{how} #{one} uhr|" for one in next_hour(hour) for how in _before_the_hour(minute)]


def _before_the_hour(minute: int) -> Sequence[str]:
    """The ways to say ``minute`` by the hour that comes: halb, viertel vor, fünf nach halb."""
    found = {15: ["viertel"], 30: ["halb"], 45: ["viertel vor", "dreiviertel", "drei viertel"]}.get(minute, [])
    if minute >= 20:
        found.append(f"#{60 - minute} minuten|minute| vor")
    if 20 <= minute < 30:
        found.append(f"#{30 - minute} minuten|minute| vor halb")
    if 30 < minute <= 40:
        found.append(f"#{minute - 30} minuten|minute| nach halb")
    return found


def _contractions(word: str) -> Sequence[str]:
    """Geht's is gehts or geht es; für's is fürs or für das. ``word`` is lower case."""
    joined, stem = word.replace("'", ""), word.removesuffix("'s").replace("'", "")
    return [joined, f"{stem} es|das"] if word.endswith("'s") and stem else [joined]


GERMAN = Conventions(
    "de",
    point="komma|punkt",
    minus="minus",
    to="bis|und|auf|zu|minus|strich|",
    over="|durch|schrägstrich|von|pro|zu",
    signs=table("""
        &: und|and|; %: prozent; @: at|ät; =: gleich|ist|ist_gleich|ergibt|macht|; +: plus|und|; #: |nummer|raute|hashtag;
        §: paragraf|paragraph|; §§: paragrafen|paragraphen; ÷: geteilt_durch|durch; ×: mal; /: |schrägstrich|oder|pro|durch;
        *: |mal|stern|sternchen; ±: plus_minus; °: grad; €: euro; $: dollar; £: pfund; -: |minus|bis|strich; –: |bis; −: minus;
        №: nummer; ~: |ungefähr|circa; _: |unterstrich;
        <: |kleiner_als|ist_kleiner_als|kleiner; >: |größer_als|ist_größer_als|größer; √: die| wurzel|quadratwurzel aus|von|;
        ≤: ist| kleiner oder| gleich|als; ≥: ist| größer oder| gleich|als; <=: ist| kleiner oder| gleich|als;
        >=: ist| größer oder| gleich|als;
    """),
    currencies=currencies("""
        $: dollar|us_dollar + cent|cents; US$: us_dollar|dollar + cent; €: euro|euros + cent|cents; £: pfund + pence|penny;
        ¥: yen + sen; EUR: euro + cent; USD: us_dollar|dollar + cent; CHF: schweizer| franken + rappen; Fr.: franken + rappen;
        DM: mark|d_mark|deutsche_mark|dm + pfennig|pfennige; Euro: euro + cent; Cent: cent +; Mark: mark + pfennig;
        Franken: franken + rappen; Dollar: dollar + cent; ¢: cent +; ct: cent +;
    """),
    money_link="und|",
    units=table("""
        km/h: kilometer|stundenkilometer pro|in_der| stunde|; m/s: meter pro|in_der sekunde; km: kilometer|kilometern;
        km²: quadratkilometer; km2: quadratkilometer; m²: quadratmeter; m2: quadratmeter; qm: quadratmeter;
        qkm: quadratkilometer; m³: kubikmeter; m3: kubikmeter; cm³: kubikzentimeter; ccm: kubikzentimeter;
        cm: zentimeter|centimeter; mm: millimeter; m: meter|metern; kg: kilogramm|kilo; mg: milligramm; g: gramm;
        t: tonnen|tonne; l: liter; ml: milliliter; cl: zentiliter; hz: hertz; khz: kilohertz; mhz: megahertz; ghz: gigahertz;
        kb: kilobyte; mb: megabyte; gb: gigabyte; tb: terabyte; kw: kilowatt; kwh: kilowattstunden|kilowattstunde; mw: megawatt;
        w: watt; v: volt; a: ampere; db: dezibel; ps: ps|pferdestärken; min: minuten|minute; sek: sekunden|sekunde;
        sec: sekunden|sekunde; s: sekunden|sekunde; ms: millisekunden; std: stunden|stunde; h: stunden|stunde|uhr;
        j.: jahre|jahr; ha: hektar; %: prozent; ‰: promille; %ig: prozentig; °c: grad celsius|; °f: grad fahrenheit; °: grad;
        x: mal|x; px: pixel; st.: stück; stk: stück; kcal: kilokalorien; cal: kalorien; mp: megapixel; pkt: punkte|punkt;
        pfd: pfund;
    """),
    scales=scales("""
        tausend: 1000; million: 1000000; millionen: 1000000; milliarde: 1000000000; milliarden: 1000000000; mio: 1000000;
        mrd: 1000000000; mill: 1000000; tsd: 1000; billionen: 1000000000000; bio: 1000000000000; k: 1000;
    """),
    abbreviations=table("""
        z. b.: zum_beispiel; z.b.: zum_beispiel; zb: zum_beispiel|z_b; d. h.: das_heißt; d.h.: das_heißt;
        u. a.: unter_anderem|und_andere; u.a.: unter_anderem|und_andere; i. d. r.: in_der_regel; i.d.r.: in_der_regel;
        o. ä.: oder_ähnliches; o.ä.: oder_ähnliches; u. ä.: und_ähnliches; u.ä.: und_ähnliches; z. t.: zum_teil; z.t.: zum_teil;
        v. a.: vor_allem; v.a.: vor_allem; s. o.: siehe_oben; s.o.: siehe_oben; s. u.: siehe_unten; s.u.: siehe_unten;
        u. u.: unter_umständen; u.u.: unter_umständen; n. chr.: nach_christus; n.chr.: nach_christus; v. chr.: vor_christus;
        v.chr.: vor_christus; m. e.: meines_erachtens; i. a.: im_auftrag|im_allgemeinen; usw: und_so_weiter; usf: und_so_fort;
        etc: et_cetera|etcetera; bzw: beziehungsweise; ca: circa|zirka; evtl: eventuell; ggf: gegebenenfalls; inkl: inklusive;
        exkl: exklusive; vgl: vergleiche; sog: sogenannt|sogenannte|sogenannten|sogenannter|sogenanntes; dr: doktor;
        dres: doktoren; prof: professor; hr: herr; hrn: herrn; fr.: frau|freitag; frl: fräulein; dipl: diplom; ing: ingenieur;
        st: sankt; nr: nummer; nrn: nummern; str: straße; pl.: platz; tel: telefon; abb: abbildung; abs: absatz; art.: artikel;
        aufl: auflage; bd: band; bde: bände; kap: kapitel; jh: jahrhundert|jahrhunderts|jahrhunderte|jahrhunderten;
        jhd: jahrhundert|jahrhunderts; jhdt: jahrhundert|jahrhunderts; jt: jahrtausend; geb: geboren|geborene; gest: gestorben;
        max: maximal|max; min: minuten|minute|mindestens|minimal|minimum; mind: mindestens; mio: millionen|million;
        mrd: milliarden|milliarde; mwst: mehrwertsteuer; ugs: umgangssprachlich; verh: verheiratet; zzgl: zuzüglich;
        abzgl: abzüglich; bspw: beispielsweise; bsp: beispiel; allg: allgemein;
        dt: deutsch|deutsche|deutschen|deutscher|deutsches; engl: englisch; franz: französisch; lat: lateinisch;
        österr: österreichisch; ehem: ehemalig|ehemalige|ehemaligen|ehemals; jan.: januar; feb.: februar; apr.: april;
        aug.: august; sept: september; okt: oktober; nov.: november; dez: dezember; mo.: montag; di.: dienstag; mi.: mittwoch;
        do.: donnerstag; sa.: samstag; so.: sonntag; std: stunden|stunde; sek: sekunden|sekunde; tägl: täglich; jährl: jährlich;
        monatl: monatlich; gmbh: gmbh|g_m_b_h; co.: compagnie|co; k. o.: ko|k_o; e. v.: ev|e_v|eingetragener_verein;
        e.v.: ev|e_v|eingetragener_verein; vs: versus|gegen; jr: junior; sen.: senior; jun.: junior|juni; hbf: hauptbahnhof;
        bhf: bahnhof; a. d.: an_der|außer_dienst; a. m.: am_main; a.m.: am|am_main; usa: usa|u_s_a; u. s. w.: und_so_weiter;
        u.s.w.: und_so_weiter; i. v.: in_vertretung; rd: rund; entspr: entsprechend; zw: zwischen; bes: besonders;
    """),
    endings={"str.": "straße"},
    also_words=frozenset(
        word_list("""
        abs art. aug. bd bes ca co. dez di. do. dt fr. geb gest ing kap lat max mi. min min. mind mo.
        nov. pl. rd sa. sek sen. so. st zb zw
    """)
    ),
    before_figures=table("""
        nr: nummer; nrn: nummern; n°: nummer; №: nummer; #: nummer|raute|; s.: seite; bd: band; kap: kapitel; abb: abbildung;
        art: artikel; abs: absatz; tel: telefon; §: paragraf|paragraph; §§: paragrafen|paragraphen; st: sankt; no.: nummer;
    """),
    words=table("""
        gehts: gehts|geht_es; gibts: gibts|gibt_es; ists: ists|ist_es; fürs: fürs|für_das; ins: ins|in_das; aufs: aufs|auf_das;
        hats: hats|hat_es; wars: wars|war_es; nen: nen|einen; ne: ne|eine; nem: nem|einem; is: is|ist; nich: nich|nicht;
        hab: hab|habe; email: email|e_mail; okay: okay|o_k; ok: ok|o_k;
    """),
    ordinal=r"(?:te[nrsm]?|ste[nrsm]?)(?!\w)",
    compounds=True,
    article="der|die|das|des|dem|den|",
    decade=r"er(?!\w)",
    clock=_clock,
    clock_after=r"\s?(?:uhr|h)(?!\w)",
    clock_marks=":.u",
    squared="quadrat|zum_quadrat|hoch_zwei",
    cubed="hoch drei",
    power=("hoch {e}",),
    times="mal|x|auf|",
    apostrophe="join",
    contractions=_contractions,
    dot="punkt",
    at="at|ät",
    months="januar februar märz april mai juni juli august september oktober november dezember",
)
