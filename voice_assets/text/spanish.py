"""The conventions of written Spanish. The notation is that of ``text.conventions``."""

from collections.abc import Sequence

from voice_assets.text.conventions import Conventions, currencies, hours, minutes, next_hour, scales, table
from voice_assets.text.number_words import word_list


def _clock(hour: int, minute: int) -> Sequence[str]:
    spoken = [f"#{one} horas|hora|" for one in hours(hour)]
    after = [f"#{one}" for one in next_hour(hour)]
    spoken += ["medianoche"] if hour in (0, 24) else ["mediodía"] if hour == 12 else []
    if minute == 0:
        return [f"{one} en| punto|" for one in spoken] + [f"{one} #0 #0" for one in spoken[:1]]
    found = [f"{one} y|con| {minutes(minute)} minutos|minuto|" for one in spoken]
    if minute in (15, 30):
        found += [f"{one} y {'cuarto' if minute == 15 else 'media'}" for one in spoken]
    if minute > 30:
        left = "un| cuarto" if minute == 45 else f"#{60 - minute}"
        found += [f"{one} menos {left}" for one in after]
        found += [f"{left} para|pa la|las|el| {one}" for one in after]
    return found


SPANISH = Conventions(
    "es",
    point="coma|punto|con",
    minus="menos",
    to="a|al|hasta|y|menos|guion|",
    over="|sobre|barra|de|entre|por",
    signs=table("""
        &: y|and|; %: por_ciento|porciento; @: arroba; =: igual_a|es_igual_a|igual|son|; +: más|y|;
        #: |número|almohadilla|numeral|gato; §: sección|párrafo|; ÷: entre|dividido_por|dividido_entre; ×: por;
        /: |barra|o|y|por; *: |por|asterisco; ±: más_menos|más_o_menos; °: grados|grado; <: |menor_que|es_menor_que;
        >: |mayor_que|es_mayor_que; ≤: es| menor o igual que|a; ≥: es| mayor o igual que|a; √: la| raíz cuadrada| de;
        <=: es| menor o igual que|a; >=: es| mayor o igual que|a;
        €: euros|euro; $: dólares|dólar|pesos|peso; £: libras|libra; -: |menos|guion|a; –: |a; −: menos; №: número;
        ~: |aproximadamente; ©: |; _: |guion_bajo;
    """),
    currencies=currencies("""
        $: dólares|dólar|pesos|peso + centavos|centavo|céntimos|céntimo; US$: dólares|dólar + centavos|centavo;
        €: euros|euro + céntimos|céntimo|centavos; £: libras|libra + peniques|penique; ¥: yenes|yen + sen;
        USD: dólares|dólar + centavos|centavo; EUR: euros|euro + céntimos|céntimo; MXN: pesos|peso + centavos;
        ¢: centavos|centavo|céntimos +; euros: euros + céntimos|céntimo|centavos; pesos: pesos + centavos|centavo;
        dólares: dólares + centavos|centavo; libras: libras + peniques;
    """),
    money_link="con|y|",
    units=table("""
        km/h: kilómetros|kilómetro por|la hora; m/s: metros|metro por segundo; km: kilómetros|kilómetro;
        km²: kilómetros|kilómetro cuadrados|cuadrado; km2: kilómetros|kilómetro cuadrados|cuadrado;
        m²: metros|metro cuadrados|cuadrado; m2: metros|metro cuadrados|cuadrado; m³: metros|metro cúbicos|cúbico;
        cm³: centímetros cúbicos; cm: centímetros|centímetro; mm: milímetros|milímetro; m: metros|metro;
        kg: kilogramos|kilogramo|kilos|kilo; mg: miligramos|miligramo; g: gramos|gramo; gr: gramos|gramo; l: litros|litro;
        ml: mililitros|mililitro; hz: hercios|hercio|hertz; khz: kilohercios|kilohertz; mhz: megahercios|megahertz;
        ghz: gigahercios|gigahertz; kb: kilobytes|kilobyte; mb: megabytes|megabyte|megas; gb: gigabytes|gigabyte|gigas|giga;
        tb: terabytes|terabyte|teras; kw: kilovatios|kilovatio|kilowatts; w: vatios|vatio|watts; v: voltios|voltio|volts;
        a: amperios|amperio; db: decibelios|decibelio|decibeles; min: minutos|minuto; mins: minutos; seg: segundos|segundo;
        s: segundos|segundo; h: horas|hora; hs: horas|hora; hrs: horas|hora; hr: hora|horas; ha: hectáreas|hectárea;
        t: toneladas|tonelada; %: por_ciento|porciento; ‰: por_mil; °c: grados|grado centígrados|celsius|centígrado|;
        °f: grados|grado fahrenheit; ºc: grados|grado centígrados|celsius|centígrado|; ºf: grados|grado fahrenheit;
        °: grados|grado; px: píxeles; cal: calorías; kcal: kilocalorías; x: por|equis|veces; pulg: pulgadas|pulgada;
        lb: libras|libra; lbs: libras|libra; mp: megapíxeles; rpm: revoluciones_por_minuto; pts: puntos|punto;
    """),
    scales=scales("""
        mil: 1000; millón: 1000000; millones: 1000000; mill: 1000000; mdd: 1000000; k: 1000; billones: 1000000000000;
    """),
    abbreviations=table("""
        sr: señor; sra: señora; srta: señorita; sres: señores; sras: señoras; dr: doctor; dra: doctora; dres: doctores;
        ud: usted; uds: ustedes; vd: usted; vds: ustedes; d.: don; dña: doña; d.ª: doña; etc: etcétera; p. ej.: por_ejemplo;
        p.ej.: por_ejemplo; ej.: ejemplo|por_ejemplo; av: avenida; avda: avenida; avd: avenida; c/: calle; pza: plaza;
        plza: plaza; ctra: carretera; pº: paseo; prof: profesor; profa: profesora; lic: licenciado|licenciada;
        ing: ingeniero|ingeniera; arq: arquitecto; gral: general; cap.: capítulo|capitán; pág: página; págs: páginas;
        pag: página; tel: teléfono; tfno: teléfono; núm: número; num.: número; art.: artículo; fig.: figura; vol.: volumen;
        ed.: edición|editorial; aprox: aproximadamente; máx: máximo; mín: mínimo; dpto: departamento; depto: departamento;
        izq: izquierda; dcha: derecha; der.: derecha; ee. uu.: estados_unidos; ee.uu.: estados_unidos; eeuu: estados_unidos;
        ee uu: estados_unidos; jj. oo.: juegos_olímpicos; jj.oo.: juegos_olímpicos; ff. aa.: fuerzas_armadas;
        rr. hh.: recursos_humanos; rr.hh.: recursos_humanos; cc. oo.: comisiones_obreras; cía: compañía;
        s.a.: sa|s_a|sociedad_anónima; sto: santo; sta: santa; s.: san|siglo; mons: monseñor; rvdo: reverendo;
        excmo: excelentísimo; ilmo: ilustrísimo; a. c.: antes_de_cristo; a.c.: antes_de_cristo|ac; d. c.: después_de_cristo;
        d.c.: después_de_cristo|dc; a. de c.: antes_de_cristo; d. de c.: después_de_cristo; a. m.: am|de_la_mañana;
        p. m.: pm|de_la_tarde|de_la_noche; a.m.: am|de_la_mañana; p.m.: pm|de_la_tarde|de_la_noche; mín.: mínimo;
        min.: minutos|minuto|mínimo; seg.: segundos|segundo; ene.: enero; feb.: febrero; abr.: abril; jun.: junio; jul.: julio;
        ago.: agosto; sept: septiembre; oct.: octubre; nov.: noviembre; dic.: diciembre; lun.: lunes; mié: miércoles;
        jue.: jueves; vie.: viernes; sáb: sábado; dom.: domingo; atte: atentamente; vs: versus|contra; pdo: pasado; cta: cuenta;
        cte: corriente; gob: gobierno; pdte: presidente; pte: presidente; edo: estado; nac.: nacional; hnos: hermanos;
        hno: hermano; ntra: nuestra; s. m.: su_majestad; s.m.: su_majestad; c.p.: código_postal|cp; km.: kilómetro|kilómetros;
    """),
    also_words=frozenset(
        word_list("""
        ago. art. cap. d. der. dom. ed. ego fig. gob ing jue. jun. km. lic. lun. min. s. sa seg. vie.
    """)
    ),
    before_figures=table("""
        n.º: número; nº: número; n°: número; n.°: número; núm: número; nro: número; no.: número|no; №: número; #: número|;
        pág: página; págs: páginas; p.: página; pp.: páginas; art: artículo; cap: capítulo; fig: figura; vol: volumen;
        km: kilómetro|kilómetros; tel: teléfono; c.p.: código_postal; §: sección|párrafo;
    """),
    words=table("""
        q: q|que; porciento: porciento|por_ciento; xq: xq|porque|por_qué; okey: okey|ok; ok: ok|okey;
    """),
    ordinal=r"(?:\.?[ºª°](?![CF])|\.?(?:er|ero|era|eros|do|da|to|ta|mo|ma|vo|va|no|na|ro|ra|os|as)(?!\w))",
    ordinal_or_cardinal=True,
    decade=r"['’]?s(?!\w)",
    article="el|la|",
    clock=_clock,
    clock_after=r"\s?(?:hs|hrs|horas|h)(?!\w)",
    clock_marks=":h",
    squared="al cuadrado",
    cubed="al cubo",
    power=(
        "elevado|elevada| a la| {e}o potencia|",
        "a la {e}",
    ),
    times="por|equis|x|",
    apostrophe="split",
    dot="punto",
    at="arroba",
    months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
)
