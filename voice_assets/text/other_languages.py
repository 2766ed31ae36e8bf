"""The basic conventions of languages without tables of their own: decimals, signs, the commonest units and abbreviations.

The number words come from num2words. The notation is that of ``text.conventions``.
"""

from collections.abc import Mapping

from voice_assets.text.conventions import Conventions, Words, table

# Per language: the words for the decimal mark, minus, percent, "and", plus, euro, dollar.
_BASICS = {
    "pl": ("przecinek|kropka|i", "minus", "procent|procenta|procenty|procentów", "i", "plus", "euro", "dolarów|dolary|dolar"),
    "uk": (
        "кома|крапка|цілих",
        "мінус",
        "відсотків|відсотки|відсоток|відсотка|процентів",
        "і|та|й",
        "плюс",
        "євро",
        "доларів|долари|долар",
    ),
    "pt": ("vírgula|ponto", "menos", "por_cento|porcento", "e", "mais", "euros|euro", "dólares|dólar"),
    "nl": ("komma|punt", "min", "procent", "en", "plus", "euro|euros", "dollar|dollars"),
    "cs": (
        "celá|celé|celých|čárka|tečka",
        "minus",
        "procent|procento|procenta",
        "a",
        "plus",
        "euro|eur|eura",
        "dolarů|dolary|dolar",
    ),
    "sv": ("komma|punkt", "minus", "procent", "och", "plus", "euro", "dollar"),
    "tr": ("virgül|nokta|buçuk", "eksi", "yüzde", "ve", "artı", "euro|avro", "dolar"),
}
_UNITS: Mapping[str, Words] = {
    "pl": table("""
        km: kilometrów|kilometry|kilometr; m: metrów|metry|metr; kg: kilogramów|kilogramy|kilogram;
        cm: centymetrów|centymetry|centymetr;
    """),
    "uk": table("""
        км: кілометрів|кілометри|кілометр; м: метрів|метри|метр; кг: кілограмів|кілограми|кілограм;
    """),
    "pt": table("""
        km: quilômetros|quilómetros|quilômetro|quilómetro; km/h: quilômetros|quilómetros por hora; m: metros|metro;
        kg: quilos|quilogramas|quilo; cm: centímetros|centímetro; h: horas|hora; min: minutos|minuto;
    """),
    "nl": table("""
        km: kilometer; km/u: kilometer per uur; m: meter; kg: kilo|kilogram; cm: centimeter; min: minuten|minuut;
    """),
    "cs": table("""
        km: kilometrů|kilometry|kilometr; m: metrů|metry|metr; kg: kilogramů|kilogramy|kilogram|kilo;
    """),
    "sv": table("""
        km: kilometer; m: meter; kg: kilo|kilogram; cm: centimeter; min: minuter|minut;
    """),
    "tr": table("""
        km: kilometre; m: metre; kg: kilogram|kilo; cm: santimetre; dk: dakika;
    """),
}
_ABBREVIATIONS: Mapping[str, Words] = {
    "pl": table("""
        dr: doktor; np.: na_przykład; itd: i_tak_dalej; itp: i_tym_podobne; ul.: ulica|ulicy; prof: profesor; tzn: to_znaczy;
        m.in.: między_innymi; r.: roku|rok; nr: numer;
    """),
    "uk": table("""
        вул.: вулиця|вулиці; ім.: імені; і т. д.: і_так_далі; грн: гривень|гривні|гривня; р.: року|рік;
    """),
    "pt": table("""
        sr: senhor; sra: senhora; dr: doutor; dra: doutora; etc: etcétera|et_cetera; av.: avenida; prof: professor;
        d.: dom|dona; nº: número; n.º: número;
    """),
    "nl": table("""
        dhr: de_heer|meneer; mevr: mevrouw; dr: dokter|doctor; bijv: bijvoorbeeld; enz: enzovoort; d.w.z.: dat_wil_zeggen;
        o.a.: onder_andere; nr: nummer; blz: bladzijde;
    """),
    "cs": table("""
        např: například; tj: to_je|to_jest; atd: a_tak_dále; dr: doktor; ul.: ulice; č.: číslo; tzv: takzvaný;
    """),
    "sv": table("""
        t.ex.: till_exempel; bl.a.: bland_annat; osv: och_så_vidare; dr: doktor; kr: kronor|krona; nr: nummer;
        d.v.s.: det_vill_säga; dvs: det_vill_säga; ca: cirka;
    """),
    "tr": table("""
        dr: doktor; vb: ve_benzeri; örn: örneğin; no.: numara; tl: lira|türk_lirası; cad.: caddesi;
    """),
}
_ORDINALS = {
    "pl": r"\.(?=\s[a-zżźćńółęąś])",
    "pt": r"\.?[ºª°]",
    "nl": r"(?:e|de|ste)(?!\w)",
    "cs": r"\.(?=\s[a-zěščřžýáíéůúťďň])",
    "sv": r":?[ae](?!\w)",
    "tr": r"\.(?=\s[a-zçğıöşü])",
}
# In these languages the apostrophe parts two words.
_SPLIT = frozenset({"pt"})


def _conventions(language: str) -> Conventions:
    point, minus, percent, conjunction, plus, euro, dollar = _BASICS[language]
    return Conventions(
        language, point=point, minus=minus, ordinal=_ORDINALS.get(language, r"(?!)"), ordinal_or_cardinal=True,
        signs={"&": conjunction + "|", "%": percent, "+": plus + "|", "€": euro, "$": dollar, "−": minus},
        currencies={"€": (euro, ""), "$": (dollar, ""), "EUR": (euro, "")},
        units={**_UNITS[language], "%": percent}, abbreviations=_ABBREVIATIONS[language],
        apostrophe="split" if language in _SPLIT else "join",
    )  # fmt: skip


OTHERS = {language: _conventions(language) for language in _BASICS}
