"""Words with «ё» that are written with «е»."""

import pytest

from voice_assets.text.russian_yo import missing_yo


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ещё самолёт.", []),
        ("Еще самолет.", ["ещё", "самолёт"]),
        ("ЕЩЕ! Пошел… трехлетний ребенок", ["ещё", "пошёл", "трёхлетний", "ребёнок"]),
        ("Еще и еще, свое — нее", ["ещё", "своё"]),  # «нее» is an old word of its own
        ("зеле\u0301ный, при\u0301ем", ["зелёный", "приём"]),
        ("Все, что берет осел; звезды, небо, чем, узнает.", []),  # both spellings are words
        ("дерево, тест, день, Королев", []),
        ("глокая куздреныш", []),  # not in the dictionary
        ("ёлка темно-зелёная", []),
        ("", []),
        ("... 15 e", []),
    ],
)
def test_missing_yo(text: str, words: list[str]) -> None:
    assert missing_yo(text) == words
