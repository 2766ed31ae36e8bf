"""Small valid data sets in Piper's format, with generated audio. A test then breaks the part that it is about."""

import atexit
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml

from voice_assets.audio.recordings import write_wav
from voice_assets.dataset.faults import Limits
from voice_assets.importers.items import About, Item
from voice_assets.importers.prepare import prepare

RATE = 22050
TEXTS = (
    "Введите номер оператора и нажмите решётку.",
    "Конференция сейчас начнётся.",
    "Пожалуйста, оставайтесь на линии.",
    "Все наши операторы заняты.",
    "Спасибо за ваш звонок.",
    "Набранный номер не существует.",
)


def burst(seconds: float, seed: int = 0, rate: int = RATE) -> npt.NDArray[np.int16]:
    """A 200 Hz tone with noise at half full scale, int16 ``[frames]``: audio with a level that is not speech."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(seed).normal(scale=0.05, size=len(time))
    return ((0.4 * np.sin(2 * np.pi * (200 + seed) * time) + noise).clip(-0.5, 0.5) * 32767).astype(np.int16)


def write_dataset(out: Path, texts: Iterable[str] = TEXTS, seconds: float = 1.0, sample_rate: int = RATE) -> Path:
    """Make the data set ``out``: one clip of `burst` per text, named ``clip-000`` and so on. Returns ``out``."""
    shutil.copytree(_prepared(out.name, tuple(texts), seconds, sample_rate), out)
    return out


@cache
def _prepared(name: str, texts: tuple[str, ...], seconds: float, sample_rate: int) -> Path:
    """The data set of these texts, prepared once in this process: decoding and speaking them takes longer than most tests."""
    folder = Path(tempfile.mkdtemp(prefix="voice_assets_dataset_"))
    atexit.register(shutil.rmtree, folder)
    items = []
    for number, text in enumerate(texts):
        sound = burst(seconds, number, sample_rate)
        items.append(Item(f"clip-{number:03d}", write_wav(folder / "source" / f"{number}.wav", sound, sample_rate), text))
    wanted = Limits(
        min_duration_s=0.05,
        max_duration_s=60.0,
        min_text_chars=1,
        max_text_chars=1000,
        min_script_share=0.0,
        sample_rate=sample_rate,
        language="ru",
        espeak_voice="ru",
    )
    about = About(name, "RU", "medium", "generated for a test", "CC0-1.0", "nobody")
    summary = prepare(items, folder / name, wanted, about, digits="any", latin=True)
    assert summary.dropped == 0, (summary.out / "PREPARE_INFO.txt").read_text(encoding="utf-8")
    return summary.out


def write_voice(file: Path, dataset: Path | str, **changes: object) -> Path:
    """Write a Russian voice file for ``dataset``, a folder or a URL. Returns ``file``.

    ``changes`` replace or add top-level keys. Nobody needs to listen, unless they say so.
    """
    named = {"title": "Toy", "language": "ru", "region": "RU", "espeak_voice": "ru", "dataset": str(dataset)}
    content = {**named, "listening": "off", **changes}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return file
