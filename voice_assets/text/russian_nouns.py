"""Russian nouns beside a number: all forms of units, money, months and time.

Not here: abbreviations of units (``russian_units``).
"""

from functools import cache

from voice_assets.text.number_words import word_list

# Regular nouns; the forms follow from the ending. Adjectives and the words after "в" do not change here.
_REGULAR = word_list(
    "процент доллар цент метр сантиметр миллиметр километр дециметр микрометр нанометр грамм килограмм миллиграмм микрограмм "
    "литр миллилитр декалитр гектолитр тонна килотонна градус час минута секунда миллисекунда микросекунда наносекунда век "
    "байт килобайт мегабайт гигабайт терабайт бит килобит мегабит гигабит герц килогерц мегагерц гигагерц "
    "ватт киловатт мегаватт милливатт гигаватт вольт киловольт милливольт ампер миллиампер килоампер ом килоом мегаом "
    "паскаль килопаскаль мегапаскаль гектопаскаль джоуль килоджоуль мегаджоуль калория килокалория ньютон килоньютон "
    "гектар ар центнер карат дюйм фут миля ярд фунт унция баррель узел пиксель мегапиксель децибел промилле моль люмен люкс "
    "атмосфера бар кельвин рентген зиверт оборот удар кадр день неделя месяц квартал штука страница улица квартира "
    "номер дом том пункт статья глава раздел рисунок таблица литера этаж рубль гривна йена юань иена крона тенге злотый "
    "январь февраль март апрель июнь июль август сентябрь октябрь ноябрь декабрь сила"
)
# Nouns that lose or change a letter. Each line is one noun in all its forms; the first form replaces the others.
_IRREGULAR = """
копейка копейки копейке копейку копейкой копеек копейкам копейками копейках
год года году годом годе годы годов годам годами годах лет
город города городу городом городе
сутки суток суткам сутками сутках
май мая маю маем мае
день дня дню днем дне дни дней дням днями днях
килограмм килограмма килограмму килограммом килограмме килограммы килограммов килограммам килограммами килограммах кило
йена йены йене йену йен иена иены иене иену иен
узел узла узлу узлом узле узлы узлов
рисунок рисунка рисунку рисунком рисунке
сотка сотки сотке сотку соткой соток соткам сотками сотках
неделя недели неделе неделю неделей недель неделям неделями неделях
миля мили миле милю милей миль милям милями милях
статья статьи статье статью статьей статей
человек человека человеку человеком человеке люди людей
штука штуки штуке штуку штукой штук штукам штуками штуках
"""
# After five and more these units often have no ending.
_UNCHANGED = ("байт", "бит", "герц", "ватт", "вольт", "ампер")
_COUNTED = {
    "год": ("год", "года", "лет"),
    "день": ("день", "дня", "дней"),
    "сутки": ("сутки", "суток", "суток"),
    "копейка": ("копейка", "копейки", "копеек"),
    "неделя": ("неделя", "недели", "недель"),
    "миля": ("миля", "мили", "миль"),
    "человек": ("человек", "человека", "человек"),
    "узел": ("узел", "узла", "узлов"),
    **{noun: (noun, noun, noun) for noun in ("евро", "промилле", "тенге")},
}
_ENDINGS = {
    "": word_list("а у ом е ы и ов ев ам ами ах"),
    "а": word_list("а ы и е у ой ам ами ах"),
    "я": word_list("я и ю ей й ям ями ях"),
    "ь": word_list("ь я ю ем е и ей ям ями ях"),
}


def _forms(noun: str) -> list[str]:
    stem, ending = (noun[:-1], noun[-1]) if noun[-1] in "аяь" else (noun, "")
    return [noun, *((stem,) if ending == "а" else ()), *(stem + form for form in _ENDINGS[ending])]


@cache
def one_form() -> dict[str, str]:
    """Every form of a noun that stands beside a number, and the form that replaces it: «процентов» and «процент»."""
    found = {form: noun for noun in _REGULAR for form in _forms(noun)}
    return found | {form: line.split()[0] for line in _IRREGULAR.strip().splitlines() for form in line.split()}


def agreeing_forms(noun: str) -> tuple[str, str, str]:
    """The forms after one, after two to four, after five and more: рубль, рубля, рублей; тонна, тонны, тонн."""
    if noun in _COUNTED:
        return _COUNTED[noun]
    stem = noun[:-1]
    if noun.endswith("а"):
        return noun, stem + ("и" if stem[-1] in "гкх" else "ы"), stem
    if noun.endswith("ия"):
        return noun, stem + "и", stem + "й"
    if noun.endswith("ь"):
        return noun, stem + "я", stem + "ей"
    return noun, noun + "а", noun if noun.endswith(_UNCHANGED) else noun + ("ев" if noun.endswith("ц") else "ов")
