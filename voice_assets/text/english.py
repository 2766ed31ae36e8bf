"""The conventions of written English. The notation is that of ``text.conventions``."""

from collections.abc import Sequence

from voice_assets.text.conventions import Conventions, currencies, hours, minutes, next_hour, scales, table
from voice_assets.text.number_words import word_list

# Without apostrophe these would be other words.
_NOT_JOINED = {
    "we're": "we are", "i'll": "i will|shall", "she'd": "she would|had|did", "we'll": "we will|shall", "he'll": "he will|shall",
    "she'll": "she will|shall", "i'd": "i would|had|did", "we'd": "we would|had|did",
}  # fmt: skip
_WHOLE = {
    "can't": "cant can_not|cannot", "won't": "wont will_not", "shan't": "shant shall_not",
    "ain't": "aint is_not|am_not|are_not",
    "let's": "lets let_us", "o'clock": "oclock", "ma'am": "maam madam", "y'all": "yall you_all", "'n": "n and",
    "c'mon": "cmon come_on", "d'you": "dyou do_you", "o'er": "oer over", "ne'er": "neer never", "'em": "em them",
    "'cause": "cause because", "'til": "til until|till", "'tis": "tis it_is", "'twas": "twas it_was", "i'm": "im i_am",
}  # fmt: skip
_ENDINGS = {
    "n't": "not", "'ll": "will|shall", "'ve": "have", "'re": "are", "'d": "would|had|did", "'s": "is|has|us",
}  # fmt: skip


def _contractions(word: str) -> Sequence[str]:
    """The readings of a word with an apostrophe: as one word, and in full. ``word`` is lower case."""
    if word in _NOT_JOINED:
        return [_NOT_JOINED[word]]
    if word in _WHOLE:
        usual, *others = _WHOLE[word].split()
        return [usual, *(one for other in others for one in other.replace("_", " ").split("|"))] if others else [usual]
    joined = word.replace("'", "")
    for ending, full in _ENDINGS.items():
        stem = word.removesuffix(ending).replace("'", "")
        if word.endswith(ending) and stem:
            return [joined, f"{stem} {full}"]
    if word.endswith("in'"):
        return [joined, f"{joined}g"]
    return [joined]


def _clock(hour: int, minute: int) -> Sequence[str]:
    spoken = [f"#{one}" for one in hours(hour)]
    after = [f"#{one}" for one in next_hour(hour)]
    if hour in (0, 24, 12):
        spoken.append("midnight" if hour in (0, 24) else "noon|midday|midnight")
    if minute == 0:
        return (
            [f"{one} oclock|hundred| hours|" for one in spoken]
            + [f"#{hour}00 hours|"]
            + [f"{one} oh|#0 #0 hours|" for one in spoken[:1]]
        )
    found = [f"{one} {minutes(minute)}" for one in spoken]
    named = {15: "a| quarter", 30: "half", 45: "a| quarter"}.get(minute, f"#{minute} minutes|minute|")
    left = {45: "a| quarter"}.get(minute, f"#{60 - minute} minutes|minute|")
    if minute <= 30:
        found += [f"{named} past|after|{'' if minute == 30 else 'past'} {one}" for one in spoken]
    if minute >= 30:
        found += [f"{left} to|of|before|till {one}" for one in after]
    return found


ENGLISH = Conventions(
    "en",
    decimal=".",
    point="point|dot",
    minus="minus|negative",
    to="to|through|dash|minus|and|",
    over="|over|slash|out_of|by|of|per",
    signs=table("""
        &: and|; %: percent; @: at; =: equals|is|equal_to|; +: plus|and|; #: |number|hash|hashtag|pound|sharp; §: section|;
        ÷: divided_by; ×: times|by; /: |slash|or|and|per; ~: |about|approximately; <: |less_than|is_less_than;
        >: |greater_than|more_than|is_greater_than|is_more_than;
        ≤: is| less_than or equal_to; ≥: is| greater_than|more_than or equal_to;
        <=: is| less_than or equal_to; >=: is| greater_than|more_than or equal_to; √: the| square| root of;
        ±: plus_or_minus; °: degrees|degree; *: |times|star|asterisk; _: |underscore; ©: |copyright; ™: |trademark;
        ®: |registered; €: euros|euro; $: dollars|dollar; £: pounds|pound; –: |to; -: |dash|minus|to|hyphen; −: minus;
        №: number;
    """),
    currencies=currencies("""
        $: dollars|dollar|bucks + cents|cent; US$: dollars|us_dollars|dollar + cents|cent; €: euros|euro + cents|cent;
        £: pounds|pound|quid + pence|p|penny|pennies; ¥: yen|yuan + sen; ₹: rupees|rupee + paise;
        ₽: rubles|ruble|roubles + kopecks; USD: dollars|us_dollars|dollar + cents|cent; EUR: euros|euro + cents|cent;
        GBP: pounds|pound + pence|p; ¢: cents|cent +; dollars: dollars + cents|cent; euros: euros + cents;
        pounds: pounds + pence|p; CHF: swiss| francs|franc + centimes;
    """),
    money_link="and|",
    units=table("""
        km/h: kilometers|kilometer|kilometres|kilometre per|an hour; kph: kilometers|kilometer per|an hour;
        mph: miles|mile per|an hour; m/s: meters|meter per|a second; km: kilometers|kilometer|k; m²: square meters|meter;
        m2: square meters|meter; km²: square kilometers|kilometer; km2: square kilometers|kilometer; m³: cubic meters|meter;
        cm³: cubic centimeters|centimeter; sq ft: square feet|foot; cm: centimeters|centimeter; mm: millimeters|millimeter;
        m: meters|meter|million|minutes|minute; kg: kilograms|kilogram|kilos|kilo; mg: milligrams|milligram; g: grams|gram;
        lbs: pounds|pound; lb: pounds|pound; oz: ounces|ounce; tbsp: tablespoons|tablespoon; tsp: teaspoons|teaspoon;
        ft: feet|foot; in.: inches|inch; yd: yards|yard; yds: yards|yard; mi: miles|mile; l: liters|liter;
        ml: milliliters|milliliter; gal: gallons|gallon; hz: hertz; khz: kilohertz; mhz: megahertz; ghz: gigahertz;
        kb: kilobytes|kilobyte; mb: megabytes|megabyte; gb: gigabytes|gigabyte; tb: terabytes|terabyte;
        mbps: megabits|megabit per second; kw: kilowatts|kilowatt; kwh: kilowatt hours|hour; mw: megawatts|megawatt;
        w: watts|watt; v: volts|volt; a: amps|amp|amperes|ampere; db: decibels|decibel; min: minutes|minute;
        mins: minutes|minute; sec: seconds|second; secs: seconds|second; s: seconds|second; ms: milliseconds|millisecond;
        hrs: hours|hour; hr: hours|hour; h: hours|hour; yrs: years|year; yr: years|year; pct: percent; %: percent; ‰: per_mille;
        °f: degrees|degree fahrenheit; °c: degrees|degree celsius|centigrade|; °: degrees|degree; px: pixels|pixel;
        rpm: revolutions_per_minute; pt: points|point; pts: points|point; st: saint|street; cal: calories|calorie;
        kcal: kilocalories; ha: hectares|hectare; mp: megapixels|megapixel; ppm: parts_per_million; psi: pounds_per_square_inch;
        ºf: degrees|degree fahrenheit; ºc: degrees|degree celsius|centigrade|; º: degrees|degree; x: times|x; p: pence|p;
    """),
    scales=scales("""
        hundred: 100; thousand: 1000; million: 1000000; billion: 1000000000; trillion: 1000000000000; k: 1000; mn: 1000000;
        bn: 1000000000; mil: 1000000; mio: 1000000; b: 1000000000; tn: 1000000000000;
    """),
    abbreviations=table("""
        mr: mister; mrs: missus|misses; dr: doctor|drive; drs: doctors; prof: professor; jr: junior; sr: senior;
        st: saint|street; sts: saints|streets; mt: mount|mountain; capt: captain; lt: lieutenant; ltd: limited; sgt: sergeant;
        cpl: corporal; cmdr: commander; maj.: major; col.: colonel; gen.: general; gov.: governor; sen.: senator;
        rep.: representative; pres.: president; rev.: reverend; hon.: honorable; esq: esquire; messrs: messieurs|messers;
        bros: brothers; ms: miss|mizz|ms; adm.: admiral; pvt: private; supt: superintendent; fr.: father; det.: detective;
        insp: inspector; atty: attorney; ave: avenue; blvd: boulevard; rd.: road; rd: road; ln.: lane; hwy: highway;
        pkwy: parkway; sq.: square; apt.: apartment; bldg: building; ft.: fort|feet|foot; pt.: part|point|port; co.: company;
        corp: corporation; inc: incorporated; dept: department; univ: university; assn: association;
        assoc.: associates|association; intl: international; govt: government; mfg: manufacturing; natl: national;
        e.g.: for_example|e_g; i.e.: that_is|i_e; e.g: for_example|e_g; i.e: that_is|i_e; etc: et_cetera|etcetera; vs: versus;
        v.: versus|v; approx: approximately; attn: attention; n.: north; s.: south; e.: east; w.: west;
        est.: established|estimated; min.: minutes|minute|minimum; max.: maximum|max; no.: number; nos.: numbers; fig.: figure;
        figs: figures; vol.: volume; vols: volumes; ch.: chapter; chap.: chapter; sec.: section|second|seconds;
        ed.: edition|editor; pp.: pages; p.: page; para.: paragraph; eq.: equation; ex.: example; misc: miscellaneous;
        temp.: temperature; tel.: telephone; ext.: extension; jan.: january; feb.: february; mar.: march; apr.: april;
        jun.: june; jul.: july; aug.: august; sept: september; sep.: september; oct.: october; nov.: november; dec.: december;
        mon.: monday; tue.: tuesday; tues: tuesday; wed.: wednesday; thu.: thursday; thur: thursday; thurs: thursday;
        fri.: friday; sat.: saturday; sun.: sunday; n.y.: new_york|n_y; u.s.: us|u_s|united_states; u.k.: uk|u_k|united_kingdom;
        d.c.: dc|d_c; ph.d: phd|p_h_d; a.d.: ad|a_d; b.c.: bc|b_c; w/o: without; w/: with; c/o: care_of; a/c: a_c;
        n/a: n_a|not_applicable; aka: a_k_a|also_known_as; a.k.a.: aka|a_k_a|also_known_as; asap: a_s_a_p|as_soon_as_possible;
        mins: minutes; secs: seconds; hrs: hours; lbs: pounds; cal.: calories|california; calif: california;
        penn.: pennsylvania;
    """),
    also_words=frozenset(
        word_list("""
        a/c n. s. e. w. aka art. asap cal. ch. co. col. dec. det. ed. est. ex. fig. fr. gen. hon. in. inc mar. max.
        min. mins mon. no. p. pres. pt. rep. rev. sat. sec. sen. sq. st sun. tel. temp. v. wed.
    """)
    ),
    before_figures=table("""
        no: number; no.: number; nos.: numbers; n°: number; nº: number; №: number; #: number|hash|pound|hashtag|; p.: page;
        pp.: pages; vol: volume; fig: figure; ch: chapter; sec: section; pt: part|point; art: article; rm: room; apt: apartment;
        ext: extension; ver: version; v: version|v; v.: version|versus; §: section|paragraph; rte: route; hwy: highway;
        ste: suite; bldg: building;
    """),
    words=table("""
        lemme: lemme|let_me; gonna: gonna|going_to; wanna: wanna|want_to|want_a; gotta: gotta|got_to|got_a;
        gimme: gimme|give_me; kinda: kinda|kind_of; sorta: sorta|sort_of; outta: outta|out_of; dunno: dunno|dont_know;
        cannot: cannot|cant|can_not; dont: dont|do_not; goin: goin|going; til: til|till|until; thru: thru|through;
        tho: tho|though; alot: alot|a_lot; coulda: coulda|could_have; shoulda: shoulda|should_have; woulda: woulda|would_have;
        whatcha: whatcha|what_are_you; doin: doin|doing; innit: innit|isnt_it; imma: imma|im_going_to;
    """),
    ordinal=r"(?:st|nd|rd|th)(?!\w)",
    decade=r"['’]?s(?!\w)",
    article="the|",
    one="a|an",
    clock=_clock,
    clock_after=r"\s?(?:hours|hrs|h)(?!\w)",
    clock_marks=":.",
    squared="squared",
    cubed="cubed",
    power=(
        "to the| {e}o power|",
        "to the| power| of| {e}",
    ),
    times="by|times|x",
    apostrophe="join",
    contractions=_contractions,
    dot="dot|point",
    at="at",
    months="january february march april may june july august september october november december",
    years=True,
)
