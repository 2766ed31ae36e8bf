"""The built-in sentences of a voice, for a voice file that names none: a list per language, with varied sounds.

No sentence has digits, abbreviations or foreign words, so a difference to the hypothesis comes from the voice and not from
normalising the texts. The sentences of a language have the letters that only this language writes, and those in Russian have
every letter of the alphabet.
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
    "pl": (
        "Cześć, to jest próba tego głosu.",
        "Dziś rano gęsta mgła leżała nad całą doliną.",
        "Czy wie pani, o której odjeżdża następny pociąg?",
        "Babcia upiekła pyszną szarlotkę z orzechami i miodem.",
        "Proszę zamknąć okno, bo zrywa się silny wiatr.",
        "Mały źrebak skakał po łące, a stary koń drzemał.",
        "Jakież ciężkie są te drewniane skrzynie!",
    ),
    "uk": (
        "Привіт, це проба нового голосу.",
        "Сьогодні вранці над річкою стояв густий туман.",
        "Чи не знаєте ви, коли від'їжджає наступний потяг?",
        "Бабуся спекла смачний пиріг із яблуками та горіхами.",
        "Зачиніть, будь ласка, вікно, бо здіймається вітер.",
        "Ґудзик від її синього пальта закотився під шафу.",
        "Які ж довгі ці щасливі літні вечори!",
    ),
    "it": (
        "Ciao, questa è una prova della voce.",
        "Stamattina una fitta nebbia copriva tutta la valle.",
        "Sa dirmi a che ora parte il prossimo treno?",
        "Mia nonna prepara una torta squisita con noci e miele.",
        "Chiudi la finestra, perché si alza il vento.",
        "Il cagnolino si è nascosto sotto il tavolo del giardino.",
        "Che bella giornata, andiamo giù al lago!",
    ),
    "pt": (
        "Olá, este é um teste da voz.",
        "Hoje de manhã, um nevoeiro espesso cobria todo o vale.",
        "A senhora sabe a que horas parte o próximo comboio?",
        "A minha avó faz um pão delicioso com nozes e maçãs.",
        "Feche a janela, por favor, porque o vento está forte.",
        "O cão pequeno escondeu-se debaixo da mesa do jardim.",
        "Que canções tão bonitas eles cantam à noite!",
    ),
    "nl": (
        "Hallo, dit is een proef van de stem.",
        "Vanmorgen vroeg hing er een dichte mist boven het dal.",
        "Weet u hoe laat de volgende trein vertrekt?",
        "Mijn grootmoeder bakt een heerlijke taart met noten en appels.",
        "Doe alsjeblieft het raam dicht, want het waait hard.",
        "De jonge hond verstopte zich onder de tafel in de tuin.",
        "Wat een vreemd geluid maakt die oude scheepsmotor, zeg!",
    ),
    "cs": (
        "Dobrý den, tohle je zkouška hlasu.",
        "Dnes ráno ležela nad celým údolím hustá mlha.",
        "Víte, v kolik hodin odjíždí příští vlak?",
        "Babička upekla výborný koláč s ořechy a medem.",
        "Zavřete prosím okno, protože se zvedá vítr.",
        "Malé štěně se schovalo pod stůl a tiše kňučelo.",
        "Jak žluťoučký byl ten kůň na obrázku!",
        "Nad loďkou teď tiše letěl červený balón.",
    ),
    "sv": (
        "Hej, det här är ett prov på rösten.",
        "Tidigt i morse låg en tät dimma över hela dalen.",
        "Vet du när nästa tåg går till kusten?",
        "Min mormor bakar en underbar kaka med nötter och äpplen.",
        "Stäng fönstret, är du snäll, för det blåser hårt.",
        "Den unga hunden gömde sig under bordet i trädgården.",
        "Vilket konstigt ljud den gamla båten gör!",
    ),
    "tr": (
        "Merhaba, bu sesin kısa bir denemesi.",
        "Bu sabah vadinin üzerinde yoğun bir sis vardı.",
        "Bir sonraki trenin saat kaçta kalktığını biliyor musunuz?",
        "Büyükannem cevizli ve elmalı çok güzel bir kek yaptı.",
        "Lütfen pencereyi kapatın, dışarıda rüzgâr çıktı.",
        "Küçük köpek bahçedeki masanın altına saklandı.",
        "Ağaçtaki kuşlar ne kadar hoş ötüyor!",
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
            f"no built-in sentences for the language {language!r} (there are some for {', '.join(SENTENCES)}): write 5 to 10 "
            "as `samples.sentences` in the voice file"
        )
    return list(SENTENCES[language])
