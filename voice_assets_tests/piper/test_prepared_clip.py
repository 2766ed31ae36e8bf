"""A prepared clip is what Piper's own preparation makes of the clip alone."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from voice_assets.dataset import espeak
from voice_assets.dataset.config import PiperConfig, load_config
from voice_assets.piper import prepared_clip as clips
from voice_assets.piper.clip_dataset import clip_dataset
from voice_assets.piper.data import TrainingSetError, write_metadata

pytestmark = pytest.mark.slow

CHOSEN = 12


def rows_of(dataset: Path, count: int = CHOSEN) -> pd.DataFrame:
    """About every n-th clip of the data set."""
    lines = (dataset / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()
    chosen = [line.split("|") for line in lines[:: max(1, len(lines) // count)][:count]]
    return pd.DataFrame({"path": [f"wavs/{name}.wav" for name, _ in chosen], "text": [text for _, text in chosen]})


def with_silence(dataset: Path, rows: pd.DataFrame, folder: Path) -> Path:
    """The recordings of ``rows``, every second one with 1 s of silence before and 2 s after the speech."""
    (folder / "wavs").mkdir(parents=True)
    for index, path in enumerate(rows["path"]):
        samples, rate = soundfile.read(str(dataset / path), dtype="int16")
        quiet = np.zeros(rate * (index % 2), np.int16)
        soundfile.write(str(folder / path), np.concatenate([quiet, samples, quiet, quiet]), rate)
    return folder


def piper_prepares(dataset: Path, rows: pd.DataFrame, config: PiperConfig, work: Path) -> list[dict[str, np.ndarray]]:
    """What Piper's data module writes for each clip, when its speech detector forgets the clip before."""
    import torch
    from piper.train.vits.dataset import VitsDataModule

    class Forgetful(VitsDataModule):
        def _trim_silence(self, audio, heard, vad):
            vad._context = np.zeros((1, 64), np.float32)
            return super()._trim_silence(audio, heard, vad)

    (work / "phonemes.json").write_text(json.dumps(config.phoneme_id_map))
    cache = work / "cache"
    Forgetful(
        csv_path=write_metadata(rows, work / "metadata.csv"),
        cache_dir=cache,
        espeak_voice=config.espeak_voice,
        config_path=work / "config.json",
        voice_name="x",
        sample_rate=config.sample_rate,
        audio_dir=dataset,
        num_symbols=config.num_symbols,
        phonemes_path=work / "phonemes.json",
    ).prepare_data()
    kinds = ("phonemes", "audio", "spec")
    numbers = range(1, len(rows) + 1)
    return [{kind: torch.load(next(cache.glob(f"{one}_*.{kind}.pt"))).numpy() for kind in kinds} for one in numbers]


def ours(dataset: Path, rows: pd.DataFrame, config: PiperConfig, folder: Path) -> list[Path]:
    files = [folder / f"{index}.npz" for index in range(len(rows))]
    pairs = zip(rows["path"], rows["text"], files, strict=True)
    sources = [clips.Source(dataset / path, text, file) for path, text, file in pairs]
    assert clips.prepare(sources, clips.Recipe(config.sample_rate, config.espeak_voice, config.phoneme_id_map)) == len(rows)
    return files


@pytest.mark.parametrize("sample_rate", [22050, 16000])
def test_clips_are_those_of_piper(ivrvoice: Path, tmp_path: Path, sample_rate: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Phoneme ids, trimmed audio and spectrogram, bit for bit; at 16,000 Hz the audio is resampled too."""
    import torch
    from piper.phonemize_espeak import EspeakPhonemizer

    # espeak crashes when one process starts it often, as each data module of Piper does.
    monkeypatch.setattr(EspeakPhonemizer, "__init__", lambda _: espeak._start())
    config = load_config(ivrvoice / "config.json")
    config = config.model_copy(update={"audio": config.audio.model_copy(update={"sample_rate": sample_rate})})
    rows = rows_of(ivrvoice)
    rows.loc[0, "text"] = "Раз. Два, три (да)! И ещё"  # several sentences, the last without an end
    dataset = with_silence(ivrvoice, rows, tmp_path / "dataset")
    expected = piper_prepares(dataset, rows, config, tmp_path)
    files = ours(dataset, rows, config, tmp_path / "ours")
    items = clip_dataset(files, list(rows["text"]))
    assert len(items) == len(rows)
    for item, wanted, text in zip(items, expected, rows["text"], strict=True):
        assert torch.equal(item.phoneme_ids, torch.from_numpy(wanted["phonemes"]))
        assert torch.equal(item.audio_norm, torch.from_numpy(wanted["audio"]))
        assert torch.equal(item.spectrogram, torch.from_numpy(wanted["spec"]))
        assert (item.text, item.speaker_id) == (text, None)
    lengths = [
        soundfile.info(str(dataset / path)).duration - len(one["audio"]) / sample_rate
        for path, one in zip(rows["path"], expected, strict=True)
    ]
    assert [round(length, 2) > 1 for length in lengths] == [index % 2 == 1 for index in range(len(rows))]


def test_a_batch_hears_what_one_clip_hears() -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 16000 * 3).astype(np.float32)
    sounds = [
        noise[: 16000 * 2],
        noise[:400],
        np.zeros(16000, np.float32),
        noise * np.linspace(0, 9, len(noise), dtype=np.float32),
    ]
    assert clips.speech_chunks(sounds) == [found for sound in sounds for found in clips.speech_chunks([sound])]
    assert clips.speech_chunks([np.zeros(16000, np.float32)]) == [None]
    assert clips.speech_chunks([]) == []


def test_16_bit_recordings_stay_16_bit_and_others_stay_exact(ivrvoice: Path, tmp_path: Path) -> None:
    config, rows = load_config(ivrvoice / "config.json"), rows_of(ivrvoice, 2)
    samples, rate = soundfile.read(str(ivrvoice / rows["path"][0]), dtype="float32")
    (tmp_path / "wavs").mkdir()
    soundfile.write(str(tmp_path / "wavs/fine.wav"), samples * 0.7071, rate, subtype="FLOAT")
    (small,) = ours(ivrvoice, rows[:1], config, tmp_path / "16")
    (exact,) = ours(tmp_path, pd.DataFrame({"path": ["wavs/fine.wav"], "text": ["Да"]}), config, tmp_path / "32")
    assert np.load(small)["audio"].dtype == np.int16
    assert np.load(exact)["audio"].dtype == np.float32
    heard, _ = clips.read(exact)
    assert heard.tobytes() in (samples * np.float32(0.7071)).tobytes()


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "gone", "pickle"])
def test_a_damaged_clip_is_named(ivrvoice: Path, tmp_path: Path, damage: str) -> None:
    (file,) = ours(ivrvoice, rows_of(ivrvoice, 1), load_config(ivrvoice / "config.json"), tmp_path / "ours")
    content = file.read_bytes()
    middle = len(content) // 2
    changed = {
        "cut": content[:middle],
        "bit": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "empty": b"",
    }
    if damage in changed:
        file.write_bytes(changed[damage])
    elif damage == "gone":
        file.unlink()
    else:
        np.savez(file, audio=np.array([{"an": "object"}], dtype=object), phoneme_ids=np.zeros(1))
    with pytest.raises(
        TrainingSetError, match=r"0\.npz: a damaged clip in the training cache .* remove the file and run again"
    ):
        clips.read(file)
