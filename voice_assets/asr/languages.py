"""The languages that Whisper knows. Only facts, so that nothing heavy is loaded; a test compares them with faster-whisper."""

_CODES = """
    af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht
    hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl
    ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh yue
"""
LANGUAGES = frozenset(_CODES.split())
"""Whisper's codes. All models know them, but `yue`, which came with `large-v3`, and but the models for English alone."""
OTHER_CODES = {"nb": "no", "jv": "jw", "iw": "he", "ji": "yi", "in": "id", "mo": "ro"}
"""Codes that Whisper does not know, of languages that it knows."""


def language_problem(language: str, model: str) -> str:
    """Why the Whisper ``model`` (a name or a folder) cannot transcribe ``language``, and what to do; empty when it can."""
    if language in OTHER_CODES:
        return f"Whisper does not know the code {language!r}; it calls this language `{OTHER_CODES[language]}`: write that"
    if language not in LANGUAGES:
        return (
            f"Whisper does not know the language {language!r}, so it cannot judge the clips; a model that somebody trained for "
            "it goes by the code of another language: name the model's folder, and write that code"
        )
    if language != "en" and for_english_alone(model):
        return (
            f"the model {model} knows English alone, not {language!r}; choose one for all languages, such as {_for_all(model)}"
        )
    return ""


def for_english_alone(model: str) -> bool:
    """Whether a name of faster-whisper is of a model for English alone; a folder may hold anything, so it is not."""
    return "/" not in model and (model.endswith(".en") or model.startswith("distil-"))


def _for_all(model: str) -> str:
    return model.removesuffix(".en") if not model.startswith("distil-") else "large-v3"
