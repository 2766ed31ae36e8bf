"""The conventions of written French. The notation is that of ``text.conventions``."""

from collections.abc import Sequence

from voice_assets.text.conventions import Conventions, currencies, hours, minutes, next_hour, scales, table
from voice_assets.text.number_words import word_list


def _clock(hour: int, minute: int) -> Sequence[str]:
    spoken = [f"#{one} heures|heure" for one in hours(hour)]
    after = [f"#{one} heures|heure" for one in next_hour(hour)]
    spoken += ["minuit"] if hour in (0, 24) else ["midi"] if hour == 12 else []
    after += ["minuit"] if hour in (23,) else ["midi"] if hour == 11 else []
    if minute == 0:
        return [f"{one} pile|précises|" for one in spoken] + [f"{one} #0 #0" for one in spoken]
    found = [f"{one} {minutes(minute)} minutes|minute|" for one in spoken] + [f"#{hour} {minutes(minute)}"]
    if minute == 15:
        found += [f"{one} et| quart" for one in spoken]
    if minute == 30:
        found += [f"{one} et demie|demi" for one in spoken]
    if minute > 30:
        left = "le| quart" if minute == 45 else f"#{60 - minute}"
        found += [f"{one} moins {left}" for one in after]
    return found


FRENCH = Conventions(
    "fr",
    point="virgule|point",
    minus="moins",
    to="à|au|et|ou|moins|tiret|",
    over="|sur|barre|par|de",
    signs=table("""
        &: et|and|; %: pour_cent|pourcent; @: arobase|at|arrobas; =: égale|égal|égal_à|est_égal_à|font|fait|; +: plus|et|;
        #: |dièse|numéro|hashtag; §: paragraphe|section|; ÷: divisé_par; ×: fois|par; /: |barre|slash|ou|par|sur;
        *: |fois|étoile|astérisque; ±: plus_ou_moins; °: degrés|degré; €: euros|euro; $: dollars|dollar; £: livres|livre;
        -: |moins|tiret|à; –: |à; −: moins; №: numéro; ~: |environ; _: |;
        <: |inférieur_à|est_inférieur_à|plus_petit_que; >: |supérieur_à|est_supérieur_à|plus_grand_que;
        √: la| racine carrée| de; ≤: est| inférieur ou égal à; ≥: est| supérieur ou égal à; <=: est| inférieur ou égal à;
        >=: est| supérieur ou égal à;
    """),
    currencies=currencies("""
        $: dollars|dollar + cents|cent; US$: dollars|dollar + cents|cent; €: euros|euro + centimes|centime|cents|cent;
        £: livres|livre sterling| + pence|penny; ¥: yens|yen + sen; CHF: francs|franc suisses|suisse| + centimes|centime;
        EUR: euros|euro + centimes|centime|cents; USD: dollars|dollar + cents|cent; F: francs|franc + centimes|centime;
        euros: euros|euro + centimes|centime|cents; francs: francs|franc + centimes|centime; dollars: dollars + cents;
        ¢: cents|centimes +;
    """),
    money_link="et|virgule|",
    units=table("""
        km/h: kilomètres|kilomètre heure|à_l_heure|par_heure; m/s: mètres|mètre par seconde; km: kilomètres|kilomètre;
        km²: kilomètres|kilomètre carrés|carré; km2: kilomètres|kilomètre carrés|carré; m²: mètres|mètre carrés|carré;
        m2: mètres|mètre carrés|carré; m³: mètres|mètre cubes|cube; m3: mètres|mètre cubes|cube; cm: centimètres|centimètre;
        mm: millimètres|millimètre; m: mètres|mètre; kg: kilogrammes|kilogramme|kilos|kilo; mg: milligrammes|milligramme;
        g: grammes|gramme; l: litres|litre; cl: centilitres|centilitre; ml: millilitres|millilitre; hz: hertz; khz: kilohertz;
        mhz: mégahertz; ghz: gigahertz; ko: kilooctets|kilooctet|kilo_octets; mo: mégaoctets|mégaoctet|mega|méga_octets;
        go: gigaoctets|gigaoctet|giga|giga_octets; to: téraoctets|téraoctet; kb: kilobits|kilobytes; mb: mégabits|mégabytes;
        gb: gigabits|gigabytes; kw: kilowatts|kilowatt; kwh: kilowattheures|kilowattheure; w: watts|watt; v: volts|volt;
        a: ampères|ampère; db: décibels|décibel; min: minutes|minute; mn: minutes|minute; sec: secondes|seconde;
        s: secondes|seconde; h: heures|heure; j: jours|jour; ha: hectares|hectare; t: tonnes|tonne; %: pour_cent|pourcent;
        ‰: pour_mille; °c: degrés|degré celsius|centigrades|; °f: degrés|degré fahrenheit; °: degrés|degré; x: fois|x;
        px: pixels|pixel; cal: calories; kcal: kilocalories; mp: mégapixels; pts: points;
    """),
    scales=scales("""
        mille: 1000; million: 1000000; millions: 1000000; milliard: 1000000000; milliards: 1000000000; md: 1000000000;
        mds: 1000000000; mrd: 1000000000; mio: 1000000; k: 1000; billions: 1000000000000;
    """),
    abbreviations=table("""
        m.: monsieur; mm.: messieurs; mme: madame; mmes: mesdames; mlle: mademoiselle; mlles: mesdemoiselles; mr: monsieur;
        dr: docteur; drs: docteurs; pr: professeur; prof.: professeur; me: maître; mgr: monseigneur; st: saint; ste: sainte;
        sts: saints; stes: saintes; etc: et_cetera|et_cætera; p. ex.: par_exemple; p.ex.: par_exemple; ex.: exemple|par_exemple;
        c.-à-d.: c_est_à_dire; c.à.d.: c_est_à_dire; càd: c_est_à_dire; cad: cad|c_est_à_dire; av.: avenue|avant; bd: boulevard;
        blvd: boulevard; boul: boulevard; pl.: place; r.: rue; rte: route; imp.: impasse; chap.: chapitre; fig.: figure;
        vol.: volume; éd.: édition; env.: environ; tél: téléphone; tel.: téléphone; cf: confer|cf; art.: article; bât: bâtiment;
        appt: appartement; app.: appartement; dépt: département; qqn: quelqu_un; qqch: quelque_chose; qq: quelque|quelques;
        cie: compagnie; gal: général; cap.: capitaine; cdt: commandant; lt: lieutenant; col.: colonel; janv: janvier;
        févr: février; fév: février; avr.: avril; juil: juillet; sept.: septembre; oct.: octobre; nov.: novembre; déc: décembre;
        lun.: lundi; mar.: mardi; mer.: mercredi; jeu.: jeudi; ven.: vendredi; sam.: samedi; dim.: dimanche;
        av. j.-c.: avant_jésus_christ; apr. j.-c.: après_jésus_christ; ap. j.-c.: après_jésus_christ; j.-c.: jésus_christ;
        n.b.: nb|nota_bene; r.-v.: rendez_vous; rdv: rendez_vous; r.d.v.: rendez_vous; svp: s_il_vous_plaît|s_v_p;
        s.v.p.: s_il_vous_plaît|s_v_p; stp: s_il_te_plaît|s_t_p; min.: minutes|minute|minimum; max.: maximum; réf: référence;
        vs: versus|contre; nb: nombre|nota_bene|nb; nbre: nombre; ts: tous; tjs: toujours; bcp: beaucoup;
        pdt: pendant|président; u.e.: ue|union_européenne; é.-u.: états_unis;
    """),
    also_words=frozenset(
        word_list("""
        app. art. av. bd cad cap. col. ex. fig. gal imp. mar. max. me mer. min. nb pl. pr r. sam.
        sept. st ste ts ven. éd.
    """)
    ),
    before_figures=table("""
        n°: numéro; nº: numéro; n.: numéro; no: numéro; no.: numéro; nos: numéros; n°s: numéros; №: numéro; num: numéro;
        #: numéro|dièse|; p.: page; pp.: pages; art: article; chap: chapitre; fig: figure; vol: volume; tél: téléphone;
        §: paragraphe|section; av.: avenue|avant;
    """),
    words=table("""
        pourcent: pourcent|pour_cent; ok: ok|okay; okay: okay|ok; chuis: chuis|je_suis; ya: ya|y_a|il_y_a; t: t|tu; j: j|je;
    """),
    ordinal=r"(?:ers?|ères?|res?|èmes?|emes?|ièmes?|iemes?|es?|nde?s?|d)(?!\w)",
    article="le|",
    decade=r"['’]s(?!\w)",
    clock=_clock,
    clock_after=r"\s?(?:heures|h|min|mn)(?!\w)",
    clock_marks=":h",
    squared="au carré",
    cubed="au cube",
    power=(
        "puissance {e}",
        "exposant {e}",
        "à la puissance {e}",
        "à la {e}o",
    ),
    times="fois|par|sur|x|",
    apostrophe="split",
    dot="point",
    at="arobase|at",
    months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
)
