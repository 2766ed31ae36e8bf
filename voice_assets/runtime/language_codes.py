"""Codes of languages: three letters to two (ISO 639), and the espeak voice of a language where its name is another.

Only facts. Not here: which languages Whisper (``asr.languages``) or espeak (``dataset.espeak``) knows.
"""

_PAIRS = """
afr af  amh am  ara ar  arb ar  asm as  aze az  bak ba  bel be  ben bn  bod bo  tib bo  bos bs  bre br  bul bg  cat ca
ces cs  cze cs  cmn zh  chi zh  zho zh  yue zh  hak zh  nan zh  wuu zh  cym cy  wel cy  dan da  deu de  ger de  ell el
gre el  eng en  epo eo  est et  ekk et  eus eu  baq eu  fao fo  fas fa  per fa  pes fa  fil tl  fin fi  fra fr  fre fr
gle ga  gla gd  glg gl  guj gu  hat ht  hau ha  heb he  hin hi  hrv hr  hun hu  hye hy  arm hy  ind id  isl is  ice is
ita it  jav jv  jpn ja  kan kn  kat ka  geo ka  kaz kk  khm km  kir ky  kor ko  kur ku  lao lo  lat la  lav lv  lvs lv
lin ln  lit lt  ltz lb  mal ml  mar mr  mkd mk  mac mk  mlg mg  mlt mt  mon mn  mri mi  mao mi  msa ms  may ms  zsm ms
mya my  bur my  nep ne  npi ne  nld nl  dut nl  nno nn  nob no  nor no  oci oc  ori or  pan pa  pol pl  por pt  pus ps
ron ro  rum ro  rus ru  san sa  sin si  slk sk  slo sk  slv sl  sna sn  snd sd  som so  spa es  sqi sq  alb sq  srp sr
sun su  swa sw  swh sw  swe sv  tam ta  tat tt  tel te  tgk tg  tgl tl  tha th  tuk tk  tur tr  uig ug  ukr uk  urd ur
uzb uz  vie vi  yid yi  yor yo
"""
TWO_LETTERS: dict[str, str] = dict(zip(_PAIRS.split()[::2], _PAIRS.split()[1::2], strict=True))
"""ISO 639-2 and 639-3 to ISO 639-1. The Chinese languages, Filipino and both Norwegians have the code that Whisper uses."""

ESPEAK_VOICES = {"zh": "cmn", "no": "nb", "nn": "nb", "nb": "nb", "nno": "nb", "en": "en-us", "yue": "yue", "hak": "hak"}
"""The espeak voice by the code of a language, where espeak does not call the voice by the two-letter code."""
