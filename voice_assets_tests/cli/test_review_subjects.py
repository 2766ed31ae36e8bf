"""What the review page is given from the instance: exactly the audio that was recorded, and verdicts on exactly these data."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from voice_assets.audio.recordings import write_wav
from voice_assets.cli.review_subjects import RecordedSubjects
from voice_assets.dataset import tables as schemas
from voice_assets.orchestration.listening import verdict_on
from voice_assets.orchestration.records import EVIDENCE, TABLE
from voice_assets.orchestration.results import recorded
from voice_assets.orchestration.tables import put
from voice_assets.review.subjects import NoSubjectError, OtherDataError
from voice_assets.runtime import files
from voice_assets_tests.datasets import RATE, burst
from voice_assets_tests.orchestration.recorded_events import Records
from voice_assets_tests.toy_project import ToyProject, copied, opened

EPOCH = "v0-e0001"
MARKS = [{"clip": "clip-000", "by": "Anna", "mark": "bad", "comment": "noise", "heard": True}]


@pytest.fixture(scope="module")
def reported_once(validated_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project with a quality report. Copy it."""
    root = copied(validated_once, tmp_path_factory.mktemp("reported"))
    with opened(root) as project:
        project.write_voice(listening="advisory")
        project.run_shards("clip_stats")
        project.run("quality_report")  # its rules fail: ten clips of one length are a spike
    return root


@pytest.fixture
def reported(reported_once: Path, tmp_path: Path) -> Iterator[ToyProject]:
    with opened(copied(reported_once, tmp_path)) as project:
        yield project


@pytest.fixture
def subjects(reported: ToyProject) -> RecordedSubjects:
    return RecordedSubjects(reported.instance)


def transcribe(toy: ToyProject, **changes: object) -> None:
    """Record a whisper_shard in which every clip was transcribed as `услышано`; ``changes`` replace columns."""
    wavs = sorted((toy.dataset / "wavs").iterdir())
    texts = dict(line.split("|", 1) for line in (toy.dataset / "metadata_2col.csv").read_text(encoding="utf-8").splitlines())
    rows = [
        {
            **dict.fromkeys(schemas.TRANSCRIPTS, ""),
            "clip_id": wav.stem,
            "audio_sha256": files.sha256(wav),
            "reference": texts[wav.stem],
            "hypothesis": "услышано",
            **changes,
        }
        for wav in wavs
    ]
    artifact = put(toy.store, "artifacts/toy/tables/whisper_shard/0-of-2/x.parquet", pd.DataFrame(rows))
    Records(toy.instance).materialise(
        dg.AssetKey(["toy", "whisper_shard"]), str(changes), "0-of-2", **{TABLE: recorded(artifact)}
    )


def speak(toy: ToyProject, data: str = "spoken") -> Path:
    """Record the samples of an epoch. Returns their folder."""
    folder = toy.root / "artifacts" / "toy" / "voice_samples" / EPOCH / data
    write_wav(folder / "sample_0.wav", burst(1.0, 3), RATE)
    values = {"sample": "sample_0.wav", "text": "Привет.", "hypothesis": "Привет", "duration_s": 1.0}
    rows = pd.DataFrame([values | {"level_db": -12.0, "similarity": 1.0, "cer": 0.0, "mos": 3.5}])
    table = put(toy.store, f"artifacts/toy/tables/voice_samples/{EPOCH}/{data}.parquet", rows)
    Records(toy.instance).materialise(
        dg.AssetKey(["toy", "voice_samples"]),
        data,
        EPOCH,
        **{EVIDENCE: dg.MetadataValue.json({"samples": table.as_json()}), "folder": recorded(toy.store.add(folder))},
    )
    return folder


def test_the_sample_is_the_one_of_the_report(reported: ToyProject, subjects: RecordedSubjects) -> None:
    (folder,) = (reported.dataset / "reports").glob("quality_*")
    written = [line.split("\t")[0] for line in (folder / "samples.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    subject = subjects.subject("toy", "quality")
    assert [item.id for item in subject.items] == written
    assert len(written) == 10
    assert (subject.title, subject.data_version) == ("Toy: the data set", reported.latest("quality_report").data_version)
    assert subject.standing is None
    assert {item.hypothesis for item in subject.items} == {None}
    assert subjects.keys("toy") == ["quality"]
    assert dict(subject.items[0].signals)["Peak"] == "-6.0 dBFS"


def test_a_verdict_is_recorded_on_these_data_with_the_marks(reported: ToyProject, subjects: RecordedSubjects) -> None:
    subjects.decide(subjects.subject("toy", "quality"), "rejected", "Anna", "noisy", MARKS)
    verdict = verdict_on(reported.gate().history, reported.latest("quality_report"))
    assert verdict is not None
    assert (verdict.word, verdict.by, verdict.comment) == ("rejected", "Anna", "noisy")
    standing = subjects.subject("toy", "quality").standing
    assert standing is not None
    assert (standing.verdict, standing.by, standing.time) == ("rejected", "Anna", verdict.time)
    said = reported.latest("listening_verdict")
    assert said.run_id == ""
    assert said.metadata["marks"] == MARKS


def test_a_verdict_on_data_that_are_no_longer_the_newest_is_refused(reported: ToyProject, subjects: RecordedSubjects) -> None:
    before = subjects.subject("toy", "quality")
    key = dg.AssetKey(["toy", "quality_report"])
    evidence = reported.latest("quality_report").metadata[EVIDENCE]
    Records(reported.instance).materialise(key, "later", **{EVIDENCE: dg.MetadataValue.json(evidence)})
    with pytest.raises(OtherDataError, match=r"toy/quality_report was made again"):
        subjects.decide(before, "approved", "Anna", "", MARKS)
    now = subjects.subject("toy", "quality")
    assert now.data_version == "later"
    subjects.decide(now, "approved", "Anna", "", MARKS)


def test_audio_that_was_changed_is_neither_played_nor_approved(reported: ToyProject, subjects: RecordedSubjects) -> None:
    before = subjects.subject("toy", "quality")
    write_wav(reported.dataset / "wavs" / "clip-003.wav", burst(1.0, 99), RATE)
    with pytest.raises(OtherDataError, match=r"clip-003\.wav: changed since the quality report"):
        subjects.decide(before, "approved", "Anna", "", MARKS)
    with pytest.raises(NoSubjectError, match=r"clip-003\.wav: changed since the quality report"):
        RecordedSubjects(reported.instance).subject("toy", "quality")
    assert subjects.subject("toy", "quality").standing is None


def test_hypotheses_of_the_same_audio_and_text_are_shown(reported: ToyProject, subjects: RecordedSubjects) -> None:
    assert {item.hypothesis for item in subjects.subject("toy", "quality").items} == {None}
    transcribe(reported)
    assert {item.hypothesis for item in subjects.subject("toy", "quality").items} == {"услышано"}


@pytest.mark.parametrize("changes", [{"reference": "Другой текст."}, {"audio_sha256": "other"}, {"clip_id": "other"}])
def test_hypotheses_of_other_audio_or_text_are_not(
    reported: ToyProject, subjects: RecordedSubjects, changes: dict[str, object]
) -> None:
    transcribe(reported, **changes)
    assert {item.hypothesis for item in subjects.subject("toy", "quality").items} == {None}


def test_the_samples_of_an_epoch(reported: ToyProject, subjects: RecordedSubjects) -> None:
    folder = speak(reported)
    assert subjects.keys("toy") == ["quality", EPOCH]
    subject = subjects.subject("toy", EPOCH)
    (item,) = subject.items
    assert (item.root, item.path, item.reference, item.hypothesis) == (folder, "sample_0.wav", "Привет.", "Привет")
    subjects.decide(subject, "approved", "Anna", "", [])
    found = verdict_on(reported.gate().history, reported.latest("voice_samples", EPOCH))
    assert found is not None
    assert found.word == "approved"
    assert subjects.subject("toy", "quality").standing is None


def test_spoken_audio_that_was_changed(reported: ToyProject, subjects: RecordedSubjects) -> None:
    write_wav(speak(reported) / "sample_0.wav", burst(1.0, 4), RATE)
    with pytest.raises(NoSubjectError, match="SHA-256"):
        subjects.subject("toy", EPOCH)


@pytest.mark.parametrize(
    ("voice", "key", "words"),
    [
        ("other", "quality", "there is no voice 'other'"),
        ("../toy", "quality", "there is no voice"),
        ("toy", EPOCH, rf"toy/voice_samples\[{EPOCH}\] was never materialised: `voice-assets run toy`"),
        ("toy", "v0-e1", "is not an epoch key"),
        ("toy", "../../quality", "is not an epoch key"),
    ],
)
def test_what_there_is_not(reported: ToyProject, subjects: RecordedSubjects, voice: str, key: str, words: str) -> None:
    with pytest.raises(NoSubjectError, match=words):
        subjects.subject(voice, key)


def test_a_report_from_outside_is_nothing_to_listen_to(reported: ToyProject, subjects: RecordedSubjects) -> None:
    reported.instance.report_runless_asset_event(dg.AssetMaterialization(dg.AssetKey(["toy", "quality_report"])))
    with pytest.raises(NoSubjectError, match="reported from outside"):
        subjects.subject("toy", "quality")


def test_a_voice_that_asks_nobody(reported: ToyProject, subjects: RecordedSubjects) -> None:
    reported.write_voice(listening="off")
    assert subjects.keys("toy") == []
    with pytest.raises(NoSubjectError, match="listening: off"):
        subjects.subject("toy", "quality")


def test_the_recorded_links(reported: ToyProject) -> None:
    found = reported.latest("quality_report").metadata
    (folder,) = (reported.dataset / "reports").glob("quality_*")
    assert (found["open"], found["listen"]) == (f"/reports/toy/{folder.name}", "/review/toy/quality")
    assert reported.latest("base_validation").metadata["open"].startswith("/reports/toy/validation_")
