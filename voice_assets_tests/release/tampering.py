"""One change each to a good package, as somebody makes it who wants the package to seem better or other than it is.

Three kinds of somebody: one who changes a file (``BYTES``), one who also writes new checksums (``CAREFUL``), and one who does
that to a signed package (``SIGNED``), where every file counts.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from voice_assets.release.sums import SIGNATURE, SUMS, write_sums
from voice_assets_tests.release.hostile_folders import CONFIG, LINEAGE, MODEL, edit, model, replace, write
from voice_assets_tests.release.small_package import LICENCE, NAME, VOICE

Change = Callable[[Path], object]
EVIDENCE, REPORT = "evidence", "reports/training_1/training_report.md"
VALIDATION, PROVENANCE, DATASET = (
    f"{EVIDENCE}/{name}" for name in ("whisper_validation.intoto.json", "provenance.intoto.json", "croissant.json")
)


def flip(name: str) -> Change:
    """Turn one bit in the middle of a file."""

    def change(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(data)

    return change


def remove(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


def cut(name: str) -> Change:
    return lambda folder: os.truncate(folder / name, (folder / name).stat().st_size - 1)


def copy(source: str, target: str) -> Change:
    return lambda folder: shutil.copyfile(folder / source, folder / target)


def rename(source: str, target: str) -> Change:
    return lambda folder: (folder / source).rename(folder / target)


def entry_of(content: Any, asset: str) -> Any:
    """The entry of an asset in a lineage."""
    return next(one for one in content["materialisations"] if one["asset"] == f"{VOICE}/{asset}")


def lineage(asset: str, change: Callable[[Any], object]) -> Change:
    return edit(LINEAGE, lambda content: change(entry_of(content, asset)))


def statement(name: str, change: Callable[[Any], object]) -> Change:
    return edit(name, lambda content: change(content))


def no_entry(asset: str) -> Change:
    return edit(
        LINEAGE, lambda it: it.update(materialisations=[o for o in it["materialisations"] if o["asset"] != f"{VOICE}/{asset}"])
    )


def failed(it: Any) -> None:
    it["verdicts"][0].update(passed=False, blocks=True)


def other_weight(loaded: Any) -> None:
    tensor = loaded.graph.initializer[0]
    tensor.raw_data = bytes(len(tensor.raw_data))


def other_rate(loaded: Any) -> None:
    next(one for one in loaded.metadata_props if one.key == "sample_rate").value = "22050"


def of(statement_: Any) -> Any:
    """The suite of a statement with its annotations."""
    return statement_["predicate"]["configuration"][0]


def every_file(package: Path) -> list[str]:
    return sorted(path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file())


def byte_changes(package: Path) -> dict[str, tuple[Change, str]]:
    """A bit of each file turned; each file cut, removed, added to; and names. With the old checksums."""
    files = [name for name in every_file(package) if name not in (SUMS, SIGNATURE)]
    changes = {f"a bit of {name}": (flip(name), name) for name in files}
    changes |= {f"no {name}": (remove(name), name) for name in files}
    return changes | {
        "a byte less": (cut("MODEL_CARD"), "MODEL_CARD"),
        "a new file": (write("samples/more.wav", b"RIFF"), "samples/more.wav"),
        "a hidden file": (write(".htaccess", b"x"), ".htaccess"),
        "a file of Git": (lambda folder: ((folder / ".git").mkdir(), (folder / ".git/config").write_text("x")), ".git/config"),
        "another name": (rename("MODEL_CARD", "MODEL_CARD.md"), "MODEL_CARD"),
        "two samples exchanged": (copy("samples/sample_02.wav", "samples/sample_01.wav"), "samples/sample_01.wav"),
        "a second model": (copy(MODEL, "en_US-other-x_low.onnx"), "en_US-other-x_low.onnx"),
        "no checksums": (remove(SUMS), SUMS),
        "empty checksums": (write(SUMS, b""), SUMS),
        "a checksum less": (replace(SUMS, b"MODEL_CARD", b"MODEL_CARDS"), "MODEL_CARD"),
        "a checksum of another": (replace(SUMS, b"  README.md\n", b"  README.md\n" + b"0" * 64 + b"  gone.txt\n"), "gone.txt"),
    }


CAREFUL: dict[str, tuple[Change, str]] = {
    "weights of the model": (model(other_weight), MODEL),
    "metadata of the model": (model(other_rate), MODEL),
    "no model": (remove(MODEL), ".onnx"),
    "speed": (edit(CONFIG, lambda it: it["inference"].update(length_scale=3.0)), CONFIG),
    "sample rate": (edit(CONFIG, lambda it: it["audio"].update(sample_rate=22050)), CONFIG),
    "espeak voice": (edit(CONFIG, lambda it: it["espeak"].update(voice="en-gb")), CONFIG),
    "a phoneme less": (edit(CONFIG, lambda it: it["phoneme_id_map"].pop("a")), CONFIG),
    "quality": (edit(CONFIG, lambda it: it["audio"].update(quality="high")), CONFIG),
    "key that players need": (edit(CONFIG, lambda it: it.pop("dataset")), CONFIG),
    "language": (edit(CONFIG, lambda it: it["language"].update(code="de_DE")), CONFIG),
    "config of another voice": (lambda folder: edit(CONFIG, lambda it: it.update(dataset="other"))(folder), CONFIG),
    "tokens": (replace("tokens.txt", b"a ", b"b "), "tokens.txt"),
    "key in voices.json": (replace("voices.json", NAME.encode(), b"en_US-better-x_low"), "voices.json"),
    "size in voices.json": (replace("voices.json", b'"size_bytes": ', b'"size_bytes": 1'), "voices.json"),
    "md5 in voices.json": (replace("voices.json", b'"md5_digest": "', b'"md5_digest": "0'), "voices.json"),
    "a verdict that passed": (lineage("whisper_validation", failed), "whisper_validation"),
    "a verdict that failed": (lineage("voice_samples", lambda it: it["verdicts"][-1].update(passed=True)), "voice_samples"),
    "a limit in the lineage": (lineage("training", lambda it: it["verdicts"][0].update(limit=">= 0.1")), "training"),
    "an observed value": (lineage("training", lambda it: it["verdicts"][0].update(observed=0.99)), "training"),
    "a number that is a boolean": (lineage("training", lambda it: it["verdicts"][0].update(observed=True)), "training"),
    "a message": (lineage("voice_samples", lambda it: it["verdicts"][0].update(message="Fine.")), "voice_samples"),
    "a waiver": (lineage("voice_samples", lambda it: it["verdicts"][-2].update(waiver="waived by Bob")), "voice_samples"),
    "a reason": (lineage("voice_samples", lambda it: it["verdicts"][-1].update(advisory="no reason")), "voice_samples"),
    "no verdicts": (lineage("whisper_validation", lambda it: it.update(verdicts=[])), "whisper_validation"),
    "a verdict less": (lineage("base_validation", lambda it: it["verdicts"].pop()), "base_validation"),
    "thresholds": (
        lineage(
            "training", lambda it: it.update(judged_by={key: text.replace("0.5", "5") for key, text in it["judged_by"].items()})
        ),
        "training",
    ),
    "data that was judged": (lineage("whisper_validation", lambda it: it["artifacts"].update(more="0" * 64)), VALIDATION),
    "hash of the exported model": (
        lineage(
            "onnx_voice", lambda it: it["artifacts"].update({key: "0" * 64 for key in it["artifacts"] if key.endswith(".onnx")})
        ),
        MODEL,
    ),
    "no training in the lineage": (no_entry("training"), LINEAGE),
    "no clips in the lineage": (no_entry("clips"), LINEAGE),
    "no export in the lineage": (no_entry("onnx_voice"), LINEAGE),
    "no checkpoint": (no_entry("checkpoint"), LINEAGE),
    "lineage of another asset": (edit(LINEAGE, lambda it: it["materialisations"].pop(0)), LINEAGE),
    "epoch of the package": (lineage("voice_package", lambda it: it.update(partition="v9-e0009")), LINEAGE),
    "run of the training": (lineage("checkpoint", lambda it: it["trained_by"].update(run_id="other")), LINEAGE),
    "checkpoint": (
        lineage("checkpoint", lambda it: it["artifacts"].update(dict.fromkeys(it["artifacts"], "0" * 64))),
        PROVENANCE,
    ),
    "data set's version": (lineage("clips", lambda it: it["built_from"][0].update(data_version="other")), PROVENANCE),
    "no lineage": (remove(LINEAGE), LINEAGE),
    "dropped statement": (remove(VALIDATION), VALIDATION),
    "dropped provenance": (remove(PROVENANCE), PROVENANCE),
    "dropped data set": (remove(DATASET), DATASET),
    "statement of another gate": (copy(VALIDATION, f"{EVIDENCE}/training.intoto.json"), f"{EVIDENCE}/training.intoto.json"),
    "statement that no gate has": (copy(VALIDATION, f"{EVIDENCE}/listening.intoto.json"), f"{EVIDENCE}/listening.intoto.json"),
    "file that no statement names": (write(f"{EVIDENCE}/approved.txt", b"Approved."), f"{EVIDENCE}/approved.txt"),
    "result": (statement(VALIDATION, lambda it: it["predicate"].update(result="FAILED")), VALIDATION),
    "failed test": (statement(VALIDATION, lambda it: it["predicate"]["failedTests"].append("mean")), VALIDATION),
    "passed test less": (statement(VALIDATION, lambda it: it["predicate"]["passedTests"].pop()), VALIDATION),
    "subject's digest": (statement(VALIDATION, lambda it: it["subject"][0]["digest"].update(sha256="0" * 64)), VALIDATION),
    "subject's name": (statement(VALIDATION, lambda it: it["subject"][0].update(name="elsewhere")), VALIDATION),
    "subject less": (statement(VALIDATION, lambda it: it["subject"].clear()), VALIDATION),
    "suite": (statement(VALIDATION, lambda it: of(it)["digest"].update(sha256="0" * 64)), VALIDATION),
    "limit": (
        statement(
            VALIDATION, lambda it: of(it)["annotations"]["limits"].update(dict.fromkeys(of(it)["annotations"]["limits"], "any"))
        ),
        VALIDATION,
    ),
    "predicate": (statement(VALIDATION, lambda it: it.update(predicateType="https://example.org/test")), VALIDATION),
    "type of the statement": (
        statement(VALIDATION, lambda it: it.update(_type="https://in-toto.io/Statement/v0.1")),
        VALIDATION,
    ),
    "builder": (statement(PROVENANCE, lambda it: it["predicate"]["runDetails"]["builder"].update(id="other")), PROVENANCE),
    "dependency less": (
        statement(PROVENANCE, lambda it: it["predicate"]["buildDefinition"]["resolvedDependencies"].pop()),
        PROVENANCE,
    ),
    "settings in the provenance": (
        statement(PROVENANCE, lambda it: it["predicate"]["buildDefinition"]["externalParameters"].update(epochs=500)),
        PROVENANCE,
    ),
    "voice in the provenance": (
        statement(PROVENANCE, lambda it: it["subject"][0]["digest"].update(sha256="0" * 64)),
        PROVENANCE,
    ),
    "settings": (edit("training.json", lambda it: it["settings"].update(batch_size=32)), PROVENANCE),
    "epoch": (edit("training.json", lambda it: it.update(epoch="v0-e0500")), "training.json"),
    "no settings": (remove("training.json"), "training.json"),
    "licence of the data": (replace(DATASET, LICENCE.encode(), b"CC0-1.0"), DATASET),
    "credit of the data": (replace(DATASET, b"A. Speaker", b"N. Obody"), DATASET),
    "kind of the data set": (edit(DATASET, lambda it: it.update({"@type": "sc:Article"})), DATASET),
    "version of the data set": (edit(DATASET, lambda it: it.update(identifier="sha256:0")), DATASET),
    "a clip less": (edit(DATASET, lambda it: it["recordSet"][0]["data"].pop()), PROVENANCE),
    "licence on the card": (replace("MODEL_CARD", b"* Licence: ", b"* Licence: public domain, not "), "MODEL_CARD"),
    "no licence on the card": (replace("MODEL_CARD", b"* Licence: ", b"* Licenses: "), "MODEL_CARD"),
    "credit on the card": (replace("MODEL_CARD", b"A. Speaker", b"N. Obody"), "MODEL_CARD"),
    "card of another voice": (replace("MODEL_CARD", b"tiny", b"other"), "MODEL_CARD"),
    "no card": (remove("MODEL_CARD"), "MODEL_CARD"),
    "sound of a sample": (copy("samples/sample_02.wav", "samples/sample_01.wav"), "samples/sample_01.flac"),
    "FLAC of a sample": (copy("samples/sample_02.flac", "samples/sample_01.flac"), "samples/sample_01.flac"),
    "no FLAC": (remove("samples/sample_02.flac"), "samples/sample_02.flac"),
    "a sample that is not there": (replace("samples/samples.tsv", b"sample_02.wav", b"sample_03.wav"), "samples/sample_03.wav"),
    "no samples": (remove("samples/samples.tsv"), "samples/samples.tsv"),
    "no README": (remove("README.md"), "README.md"),
    "words of the README": (replace("README.md", b"Tiny", b"Tidy"), "README.md"),
    "words of the card": (replace("MODEL_CARD", b"* Language: en", b"* Language: de"), "MODEL_CARD"),
    "a report": (write(REPORT, b"# Better training\n"), REPORT),
    "a report more": (write("reports/training_1/more.md", b"# Praise\n"), "reports/training_1/more.md"),
    "a report less": (remove(REPORT), REPORT),
    "a curve": (replace("curves/epochs.tsv", b"1\t9", b"1\t1"), "curves/epochs.tsv"),
    "a score of a sample": (replace("samples/samples.tsv", b"\t1\t", b"\t2\t"), "samples/samples.tsv"),
    "time of a run": (lineage("training", lambda it: it.update(time="2020-01-01T00:00:00+00:00")), LINEAGE),
    "code of a run": (lineage("training_set", lambda it: it.update(code_version="2")), LINEAGE),
    "unknown key": (lineage("training_set", lambda it: it.update(more="text")), LINEAGE),
    "a verdict that is a word": (lineage("training", lambda it: it["verdicts"][0].update(passed="yes")), LINEAGE),
    "no byproducts": (statement(PROVENANCE, lambda it: it["predicate"]["runDetails"].pop("byproducts")), PROVENANCE),
}
"""Change -> how it is made, and the file that the refusal names. New checksums are written, and no signature is there."""


def signed_changes(package: Path) -> dict[str, tuple[Change, str]]:
    """A bit of each file of a signed package turned, with new checksums: only the signature can notice some of these."""
    return {f"a bit of {name}": (flip(name), name) for name in every_file(package) if name not in (SUMS, SIGNATURE)} | {
        "a new file": (write("more.txt", b"x"), "more.txt"),
        "no file": (remove("README.md"), "README.md"),
    }


def of_signature(theirs: Path) -> dict[str, Change]:
    """Changes to the signature alone; ``theirs`` is the signature of the same files by another key."""
    payload = ("dsseEnvelope", "payload")

    def other_payload(it: Any) -> None:
        import base64

        inside = json.loads(base64.b64decode(it[payload[0]][payload[1]]))
        inside["predicate"]["resources"][0]["digest"] = "0" * 64
        it[payload[0]][payload[1]] = base64.b64encode(json.dumps(inside).encode()).decode()

    return {
        "another key": lambda folder: shutil.copyfile(theirs, folder / SIGNATURE),
        "no signature": remove(SIGNATURE),
        "a bit": flip(SIGNATURE),
        "half": lambda folder: os.truncate(folder / SIGNATURE, (folder / SIGNATURE).stat().st_size // 2),
        "empty": write(SIGNATURE, b""),
        "other files signed": edit(SIGNATURE, other_payload),
        "no signatures": edit(SIGNATURE, lambda it: it["dsseEnvelope"]["signatures"].clear()),
        "empty object": write(SIGNATURE, b"{}"),
    }


def changed(good: Path, place: Path, change: Change, *, sums: bool) -> Path:
    """A copy of ``good`` in the new folder ``place`` with one change."""
    shutil.copytree(good, place / good.name)
    change(place / good.name)
    if sums:
        write_sums(place / good.name)
    return place / good.name
