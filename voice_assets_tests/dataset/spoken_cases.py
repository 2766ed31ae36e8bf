"""Texts of many languages and what espeak-ng of piper-tts says for them: NFC and NFD, invisible characters, signs."""

LANGUAGES = {
    "ru": ("Йогурт и чай.", "jˈoɡurt", "ɪʌɡˈurt"),
    "de": ("Das hält mich.", "hˈɛlt", "hˈɑlt"),
    "es": ("El niño.", "nˈiɲo.", "nˈino."),
    "fr": ("L'école.", "lekˈɔl.", "ləkˈɔl."),
    "vi": ("Tiếng Việt.", "t̪ˈiɛɜŋ vˈiɛ6t̪.", "tˈiːŋ vˈe ˈi ˈɛ6 sˈɜːkəmflˌɛks tˈe."),
    "cs": ("Žluťoučký kůň.", "ʒlˈucoʊtʃkiː kˈuːɲ.", "zlˈutoʊtski kˈun."),
    "pl": ("Zażółć gęślą.", "zˈaʒuwdʑ ɡˈɛɲɕlɔ̃.", "zˈazɔwdʑ ɡˈɛsla."),
    "sv": ("På ön.", "poː ˈøːn.", "pˈɑː ˈuːn."),
    "uk": ("Їжак.", "jiːʒˈak.", "iːʒˈak."),
    "ko": ("안녕하세요.", "ˈɐnnjʌŋhˌɐsejˌo.", "iʲˈɯŋɐnnjˌʌŋhɐsˌeiʲˈɯŋjo."),
    "en-us": ("The naïve café.", "naɪˈiːv kæfˈeɪ.", "nˈeɪv kˈeɪf."),
    "tr": ("Çok güzel.", "tʃˈɔk ɟyzˈæl.", "dʒˈɔk ɡuzˈæl."),
}
"""espeak voice -> a text in NFC, the words of its reading, and the words of the NFD form's reading."""

BROKEN_WORDS = {
    "ru": "сего\u200bдня", "de": "heu\u200bte", "es": "maña\u200bna", "fr": "bon\u200bjour", "cs": "dne\u200bska",
    "pl": "dzi\u200bsiaj", "uk": "сього\u200bдні", "ko": "안녕\u200b하세요", "en-us": "to\u2060day",
}  # fmt: skip
"""espeak voice -> a word with an invisible character that espeak takes for the end of a word."""

ALOUD = {
    "ru": {"😀": "ʃyrʌkˈo uɭybˈɑjitsʌ", "*": "zvʲˈɵzdʌtʃʲka", "&": "ampʲirsˈɑnd", "©": "ˈɑftʌrskʌjɪ prˈɑvʌ"},
    "de": {"😀": "ɡrˈɪnzəndəs ɡəzˈɪçt", "&": "ˈʊnt"},
    "es": {"😀": "kˈaɾa sˌonriʲˈɛndo", "*": "ˌastɛɾˈisko", "&": "ˌampɛɾsˈant", "©": "sˈimbolo ðˈe kˈopirˌaɪt"},
    "fr": {"😀": "vizˈaʒ ʁiˈœʁ", "*": "asteʁˈiskː", "&": "e", "©": "kˈɒpɪɹˌaɪt"},
    "vi": {"*": "ɟˈəʊɜsˈaːʊ7", "&": "ɟˈəʊɜvˌaː2"},
    "cs": {"😀": "ʃklˈebiːtsiː se ˈoblitʃeɪ", "*": "hvjˈezɟitʃka", "&": "ˈampr̩sent"},
    "pl": {"*": "ɡvʲˈastka", "&": "ˈand", "«": "ɡˈɛɲɕlɔ̃frantsˌusci tsudʑˈɨswuf"},
    "sv": {"*": "ɧˈɛːrna", "&": "ˈɔk", "©": "ˈɵphɔvsrˌɛtsymbˌuːl"},
    "uk": {"*": "jiːʒˈaɡ zˈiːrotʃka", "«": "jiːʒˈaɡβˈiːtkrɪtiː lapkˈɪ", "...": "jiːʒˈaktrˈe krˈapkɪ"},
    "en-us": {"😀": "ɡɹˈɪnɪŋ fˈeɪs", "*": "ˈæstɚɹˌɪsk", "&": "ˈænd", "©": "kˈɑːpɪɹˌaɪt"},
}
"""espeak voice -> signs that the voice reads aloud after its text of `LANGUAGES`, and the words. Ukrainian and Polish read
quotation marks aloud."""

NOT_ALOUD = {"ru": "«»“”—…()", "de": "*©«»", "en-us": "«»“”—…()", "es": "¿¡«»…", "fr": "«»…—"}
"""espeak voice -> characters for which the voice says nothing."""
