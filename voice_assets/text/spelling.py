"""Spellings of one word that sound the same, as one key: colour and color, daß and dass, cœur and coeur.

Two words with the same key are the same word to a listener. Every rule stays away from words that another word differs from by
just that spelling: the accent of Spanish *habló*, the umlaut of German *schön*. Not here: words with a different sound that
mean the same (``text.conventions``).
"""

import re
from collections.abc import Callable
from functools import lru_cache

from voice_assets.text.number_words import word_list
from voice_assets.text.western_numbers import unaccented

Rule = tuple[re.Pattern[str], str]


def _rules(*pairs: tuple[str, str]) -> tuple[Rule, ...]:
    return tuple((re.compile(pattern), replacement) for pattern, replacement in pairs)


_OUR = "col|fav|hon|lab|neighb|behavi|hum|harb|flav|rum|sav|vap|od|arm|tum|parl|endeav|splend|vig|val|cand|clam|glam|ferv|ranc"
_RE = (
    "cent|theat|met|lit|fib|calib|sab|spect|somb|lust|meag|och|kilomet|centimet|millimet|kilolit|millilit|mit|maneuv|reconnoit"
)
_ENGLISH = _rules(
    (r"^practis", "practic"),
    (rf"^(\w*(?:{_OUR}))our", r"\1or"),
    (rf"^({_RE})re(s?)$", r"\1er\2"),
    (rf"^({_RE})r(ed|ing)$", r"\1er\2"),
    (r"(?<=\w{3})is(e|es|ed|er|ers|ing|ation|ations|able)$", r"iz\1"),
    (r"(?<=\w{3})ys(e|es|ed|er|ers|ing)$", r"yz\1"),
    (r"^(\w*[aeiou]\w*[aeiou])ll(ed|ing|er|ers|or|ors|ous)$", r"\1l\2"),
    (r"(?<=[deft])en[cs]e(less|s?)$", r"ense\1"),
    (r"^(catal|dial|anal|monol|prol|epil)og(?:ue)?(s?)$", r"\1og\2"),
    (r"^(program|kilogram|gram)me(s?)$", r"\1\2"),
    (r"dgement", "dgment"),
    (r"(?<=[cfhinp])ae(?![lr])|^ae(?=sth)", "e"),
    (r"^oe(?=[a-z]{3})|(?<=man)oe(?=uv)|(?<=f)oe(?=t)|(?<=diarrh)oe", "e"),
    (r"^(m|sm)ould", r"\1old"),
    (r"^moustach", "mustach"),
    (r"^plough", "plow"),
    (r"^grey", "gray"),
    (r"^(?:allright|alright)$", "alright"),
    (r"^(?:ok|okay|okey)$", "ok"),
    (r"^(skil|wil|fulfil|instal|enrol|instil|distil)l?(?=ful|ment|$)", r"\1l"),
    (r"^sceptic", "skeptic"),
    (r"^pyjama", "pajama"),
    (r"^tyre", "tire"),
    (r"^cosy$", "cozy"),
    (r"^licence", "license"),
    (r"^ageing$", "aging"),
    (r"^jewellery$", "jewelry"),
    (r"^cheque(s?)$", r"check\1"),
    (r"^artefact", "artifact"),
    (r"^draught", "draft"),
    (r"^storey", "story"),
    (r"^kerb(s?)$", r"curb\1"),
    (r"^(?:yeah|yea)$", "yeah"),
    (r"^(?:hmm+|hm)$", "hm"),
    (r"^(?:mm+|mhm)$", "mm"),
    (r"^(?:uhm|umm*|um)$", "um"),
    (r"^(?:uhh*)$", "uh"),
    (r"^(?:ahh+|ah)$", "ah"),
    (r"^(?:ohh+)$", "oh"),
)
# English words that differ from another word by an accent.
_ENGLISH_ACCENTED = frozenset({"résumé", "exposé", "pâté", "rosé", "lamé", "maté", "saké", "risqué"})
_GERMAN = _rules(
    (r"ß", "ss"),
    (r"([bdfglmnprst])\1\1", r"\1\1"),
    (r"ph", "f"),
    (r"ä", "ae"),
    (r"ö", "oe"),
    (r"ü", "ue"),
    (r"^selbstst", "selbst"),
    # The spelling reform: Tip and Tipp, aufwendig and aufwändig.
    (r"^(tip|stop)p?$", r"\1"),
    (r"^aufwaend", "aufwend"),
    (r"^platzier", "plazier"),
    (r"^nummerier", "numerier"),
    (r"^(graeuel|greuel)", "greuel"),
    (r"^rauh", "rau"),
    (r"(?<=n)z(?=ial|iell)", "t"),
    (r"^jogurt", "joghurt"),
    (r"^(?:okay|okey|ok)$", "ok"),
)
_FRENCH = _rules(
    (r"œ", "oe"),
    (r"æ", "ae"),
    (r"^(vingt|cent)s$", r"\1"),
    (r"^mil$", "mille"),
    (r"^clef(s?)$", r"clé\1"),
    (r"^(?:okay|okey)$", "ok"),
)
# French words that differ from another word by an accent before the end.
_FRENCH_ACCENTED = frozenset(
    word_list("maïs dès près côte côtes côté côtés tâche tâches pêche pêcher pêcheur forêt foret jeûne mûr")
)
_SPANISH = _rules((r"^(?:okay|okey|ok)$", "ok"), (r"^septiembre", "setiembre"), (r"^transp", "trasp"), (r"^ps(?=ic)", "s"))


def _english(word: str) -> str:
    for pattern, replacement in _ENGLISH:
        word = pattern.sub(replacement, word)
    word = word.replace("æ", "ae").replace("œ", "oe")
    return word if word in _ENGLISH_ACCENTED else unaccented(word)


def _german(word: str) -> str:
    for pattern, replacement in _GERMAN:
        word = pattern.sub(replacement, word)
    return word


def _french(word: str) -> str:
    for pattern, replacement in _FRENCH:
        word = pattern.sub(replacement, word)
    if word in _FRENCH_ACCENTED or word.isascii():
        return word
    # The accent of the last é is heard: parle, parlé. Capitals and hurried writers leave the others out.
    ending = re.search(r"é(?:e?s?)$", word)
    stem = word[: ending.start()] if ending else word
    return unaccented(stem) + (ending[0] if ending else "")


def _spanish(word: str) -> str:
    for pattern, replacement in _SPANISH:
        word = pattern.sub(replacement, word)
    if word.isascii():
        return word
    plain = unaccented(word.replace("ñ", "\0")).replace("\0", "ñ")
    syllables = len(re.findall(r"[aeiouáéíóúü]+", word))
    # The accent of the last letter is heard (hablo, habló), and that of words such as término, which is another word without.
    heard = (word[-1] in "áéó" and syllables > 1) or re.fullmatch(r"[^áéíóú]*[áéíóú][^aeiou]+[iu][^aeiou]+[aeo]s?", word)
    return word if heard and not re.fullmatch(r"[cd]u?[aeoó]\w*|qu[eé]|también|aqu[ií]", word) else plain


def _italian(word: str) -> str:
    # The accents of these endings are written with an apostrophe, the wrong way round, or not at all.
    if re.search(r"(?:t[àá]|ch[éè]|[iù][ùú]|pi[ùú]|gi[ùú]|tr[èé])$", word) and len(word) > 2:
        return unaccented(word)
    return word.replace("é", "è")


def _portuguese(word: str) -> str:
    # Both sides of the spelling reform: idéia and ideia, freqüente and frequente, acção and ação.
    word = word.replace("ü", "u").replace("éi", "ei").replace("ói", "oi")
    return re.sub(r"(?<=[aeiou])[cp](?=[cçt][aãeio])", "", word) if "ç" in word else word


def _ukrainian(word: str) -> str:
    return re.sub("['’ʼ`]", "", word)


_KEYS: dict[str, Callable[[str], str]] = {
    "en": _english, "de": _german, "fr": _french, "es": _spanish, "it": _italian, "pt": _portuguese, "uk": _ukrainian,
}  # fmt: skip


@lru_cache(maxsize=65536)
def key(word: str, language: str) -> str:
    """The same text for two spellings of ``word`` that sound the same. ``word`` is lower case; any text is accepted."""
    rule = _KEYS.get(language)
    return rule(word) if rule else word
