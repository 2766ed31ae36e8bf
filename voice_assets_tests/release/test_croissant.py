"""The description of a data set is valid Croissant, names licence and credit, and binds every recording and text."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from voice_assets.release.croissant import DatasetFacts, describe_dataset

FACTS = DatasetFacts(
    name="toy",
    title="Toy <Voice>",
    language="en-US",
    licence="CC-BY-SA-3.0",
    credit='Allison "Al" Smith',
    config_sha256="1" * 64,
    version="2" * 64,
)
TEXTS = {"b": "Hello.", "a": "Привет, «мир».", "c": "Nobody trains with this."}
SPLITS = {"a": "train", "b": "validation"}


def clips(texts: dict[str, str] = TEXTS) -> list[dict[str, Any]]:
    return [
        {
            "clip_id": name,
            "path": f"wavs/{name}.wav",
            "text": text,
            "audio_sha256": hashlib.sha256(name.encode()).hexdigest(),
            "duration_s": 1.5,
        }
        for name, text in texts.items()
    ]


def test_every_clip_is_bound_by_the_hashes_of_its_audio_and_text_and_no_text_is_shown() -> None:
    found = describe_dataset(FACTS, clips(), SPLITS)
    (records,) = found["recordSet"]
    assert [row["clips/path"] for row in records["data"]] == ["wavs/a.wav", "wavs/b.wav", "wavs/c.wav"]
    assert [row["clips/split"] for row in records["data"]] == ["train", "validation", "left out"]
    first = records["data"][0]
    assert first["clips/sha256"] == hashlib.sha256(b"a").hexdigest()
    assert first["clips/text_sha256"] == hashlib.sha256(TEXTS["a"].encode()).hexdigest()
    assert not [text for text in TEXTS.values() if text in json.dumps(found, ensure_ascii=False)]


def test_licence_credit_and_version_are_named() -> None:
    found = describe_dataset(FACTS, clips(), SPLITS)
    assert (found["license"], found["citeAs"], found["identifier"]) == (FACTS.licence, FACTS.credit, f"sha256:{FACTS.version}")
    assert found["description"].endswith("for the voice Toy <Voice>: 3 clips, 0.00 hours.")
    assert found["distribution"][0]["sha256"] == FACTS.config_sha256


def test_what_nobody_knows_is_left_out() -> None:
    found = describe_dataset(DatasetFacts("toy", "Toy", "en-US", "", "", "1" * 64, ""), [], {})
    assert not {"license", "citeAs", "recordSet"} & found.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain", "a clip, with 'signs' & \"quotes\"", "../../../etc/passwd", "имя", "@type"])
def test_mlcroissant_reads_the_description_and_its_records(tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str) -> None:
    import mlcroissant

    file = tmp_path / "croissant.json"
    wanted = clips({name: "Hello.", "other": "More."})
    file.write_text(json.dumps(describe_dataset(FACTS, wanted, {name: "train"})), encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        read = mlcroissant.Dataset(str(file))
    assert "not standard" not in caplog.text
    assert not read.metadata.ctx.issues.errors
    assert read.metadata.license == [FACTS.licence]
    records = {row["clips/path"]: row for row in read.records("clips")}
    assert set(records) == {clip["path"] for clip in wanted}
    assert records[f"wavs/{name}.wav"]["clips/sha256"] == wanted[0]["audio_sha256"]
    assert records[f"wavs/{name}.wav"]["clips/duration_s"] == 1.5
