"""The built-in sentences of a voice, for a voice file that names none: a list per language, with varied sounds.

No sentence has digits, abbreviations or foreign words, so a difference to the hypothesis comes from the voice and not from
normalising the texts. The ten Russian sentences together have every letter of the alphabet.
"""

SENTENCES: dict[str, tuple[str, ...]] = {
    "ru": (
        "Привет, это тестовый голос.",
        "Сегодня утром над рекой стоял густой туман.",
        "Щенок вытащил из-под крыльца чей-то шерстяной носок.",
        "Вы уже решили, куда поедете летом?",
        "Бабушка испекла пирог с яблоками и корицей.",
        "Поезд отправляется через пять минут с третьего пути.",
        "Объявление висело на двери подъезда целую неделю.",
        "Осторожно, ступеньки здесь очень скользкие!",
        "Юный художник долго смешивал жёлтую и синюю краску.",
        "Фонари погасли, и во дворе стало совсем тихо.",
    ),
    "en": (
        "Hello, this is a test of the voice.",
        "The garden behind the house was full of yellow roses.",
        "Could you tell me which train goes to the harbour?",
        "She measured the flour twice before baking the bread.",
        "A thick fog covered the valley early this morning.",
        "Please close the window, the wind is getting stronger.",
        "My youngest brother enjoys fixing old radios.",
        "What a strange noise that engine makes!",
    ),
    "es": (
        "Hola, esta es una prueba de la voz.",
        "Esta mañana la niebla cubría todo el valle.",
        "¿Sabe usted a qué hora sale el próximo tren?",
        "Mi abuela prepara un pan riquísimo con nueces.",
        "Cierra la ventana, que hace mucho viento.",
        "El perro se escondió debajo de la mesa del jardín.",
    ),
    "fr": (
        "Bonjour, ceci est un essai de la voix.",
        "Ce matin, un épais brouillard couvrait la vallée.",
        "Savez-vous à quelle heure part le prochain train ?",
        "Ma grand-mère prépare une tarte aux pommes délicieuse.",
        "Fermez la fenêtre, le vent se lève.",
        "Le jeune chien s'est caché sous la table du jardin.",
    ),
    "de": (
        "Hallo, dies ist eine Probe der Stimme.",
        "Heute früh lag dichter Nebel über dem Tal.",
        "Wissen Sie, wann der nächste Zug abfährt?",
        "Meine Großmutter backt einen köstlichen Apfelkuchen.",
        "Bitte schließen Sie das Fenster, es wird windig.",
        "Der junge Hund versteckte sich unter dem Gartentisch.",
    ),
}


class SentencesError(ValueError):
    """A language without built-in sentences; the voice file must name sentences."""


def sentences_for(language: str) -> list[str]:
    """The sentences of a language, by its two-letter code.

    Raises:
        SentencesError: the language has no built-in sentences.
    """
    if language not in SENTENCES:
        raise SentencesError(
            f"no sentences for language {language!r} (there are {', '.join(SENTENCES)}): name 5 to 10 in the voice"
        )
    return list(SENTENCES[language])
