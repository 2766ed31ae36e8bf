"""The time to package a medium voice and to verify the package: `make bench-release`. Last line: one JSON object.

``package_s``: statements of the gates, provenance, the description of a data set as large as Felix Mirage's, the folder, the
signature and the zip. ``verify_s``: `voice-assets verify --key` of the zip, as a process, which lets the voice speak. Medians.

The voice is the published `en_US-joe-medium`, completed as an export of ours; the page of its report plays 60 clips. Lineage,
verdicts and hashes are written as runs would write them; no voice is trained.
"""

import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from voice_assets.audio import recordings
from voice_assets.dataset.tables import SAMPLES, frame
from voice_assets.importers.published_voice import JOE, copy_published
from voice_assets.piper import voice_config
from voice_assets.release import croissant, package, statements
from voice_assets.release.archive import zip_package
from voice_assets.release.players import Recordings
from voice_assets.release.signing import Signer
from voice_assets.reports import html
from voice_assets.reports.lineage import parse
from voice_assets.reports.markdown import escape
from voice_assets.runtime import files
from voice_assets.workers.export import metadata_of
from voice_assets_tests.release import small_package as small

NAME, RATE, TURNS = "en_US-joe-medium", 22050, 3
CLIPS, PLAYED, SAMPLES_SPOKEN = 18_377, 60, 10
TRAINING = small.TRAINING | {"settings": {"quality": "medium", "learning_rate": 2e-4, "batch_size": 8}}


def write_voice(folder: Path) -> Path:
    """The published voice with the configuration and the metadata of an export. Returns the ``.onnx``."""
    import onnx

    model = copy_published(JOE, folder)
    file = folder / f"{NAME}.onnx.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config |= {"dataset": "joe", "language": voice_config.language_of("en", "US")}
    config["audio"]["quality"] = "medium"
    file.write_text(json.dumps(config), encoding="utf-8")
    (folder / "tokens.txt").write_text(voice_config.tokens(config["phoneme_id_map"]), encoding="utf-8")
    content = onnx.load(str(model))
    onnx.helper.set_model_props(content, metadata_of(config))
    onnx.save(content, str(model))
    return model


def write_sound(file: Path, seconds: float, seed: int) -> Path:
    """Write noise, which packs no better than speech does."""
    file.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).normal(0, 2000, int(RATE * seconds)).astype(np.int16)
    recordings.write_wav(file, samples, RATE)
    return file


def write_samples(folder: Path) -> Path:
    """The folder that ``voice_samples`` writes."""
    names = [f"sample_{number:02}.wav" for number in range(SAMPLES_SPOKEN)]
    for number, name in enumerate(names):
        write_sound(folder / name, 4.0, number)
    row: dict[str, Any] = {**dict.fromkeys(SAMPLES, 1), "text": small.SENTENCES[0], "hypothesis": small.SENTENCES[0]}
    frame([{**row, "sample": name} for name in names], SAMPLES).to_parquet(folder / "samples.parquet")
    return folder


def write_report(folder: Path, dataset: Path) -> tuple[Path, Recordings]:
    """A report whose page plays clips of the data set, and these clips."""
    clips = [write_sound(dataset / "wavs" / f"{number:05}.wav", 5.0, number) for number in range(PLAYED)]
    folder.mkdir()
    page = html.page("Quality", html.join(html.audio(f"../../wavs/{clip.name}") for clip in clips))
    (folder / "quality_report.html").write_text(page, encoding="utf-8")
    return folder, Recordings(dataset, {f"wavs/{clip.name}": {files.sha256(clip)} for clip in clips})


def dataset_rows() -> list[dict[str, Any]]:
    """The validated clips of a data set of 18,377 clips."""
    rows = []
    for number in range(CLIPS):
        digest, text = hashlib.sha256(str(number).encode()).hexdigest(), f"{small.SENTENCES[1]} {number}"
        rows.append(
            {
                "clip_id": f"{number:05}",
                "path": f"wavs/{number:05}.wav",
                "text": text,
                "audio_sha256": digest,
                "duration_s": 5.0,
            }
        )
    return rows


def fixed_contents(work: Path) -> tuple[package.Contents, dict[str, str]]:
    """What goes in before the evidence is made, and the SHA-256 of the voice's files."""
    model = write_voice(work / "voice")
    config, tokens = model.with_name(f"{NAME}.onnx.json"), model.with_name("tokens.txt")
    report, played = write_report(work / "report", work / "dataset")
    card = f"# Joe ({escape(NAME)})\n\n* Licence: {escape(small.LICENCE)}\n* Credit: {escape(small.CREDIT)}\n"
    contents = package.Contents(
        name=NAME,
        model=model,
        config=config,
        samples=write_samples(work / "samples"),
        card=card,
        lineage={},
        title="Joe",
        sentence=small.SENTENCES[0],
        reports={"quality_1": report},
        tokens=tokens,
        training=TRAINING,
        recordings=played,
    )
    return contents, {path.name: files.sha256(path) for path in (model, config, tokens)}


def with_evidence(contents: package.Contents, voice: dict[str, str], clips: list[dict[str, Any]]) -> package.Contents:
    """``contents`` with the lineage of a voice, and every statement that follows from the lineage."""
    content = small.lineage(voice)
    lineage = parse(content, "lineage.json")
    version = lineage.data_sets()[f"{small.VOICE}/raw_dataset"]
    facts = croissant.DatasetFacts("joe", "Joe", "en-US", small.LICENCE, small.CREDIT, "c" * 64, version)
    described = package.as_json(croissant.describe_dataset(facts, clips, {clip["clip_id"]: "train" for clip in clips})).encode()
    model = {name: digest for name, digest in voice.items() if name.startswith(NAME)}
    evidence = {
        **statements.gate_statements(lineage),
        statements.PROVENANCE_FILE: statements.provenance(lineage, TRAINING, model, hashlib.sha256(described).hexdigest()),
        statements.DATASET_FILE: described,
    }
    return replace(contents, lineage=content, evidence=evidence)


def write_keys(folder: Path) -> tuple[Path, Path]:
    """A private key and its public key."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    private, public = folder / "key.pem", folder / "key.pub"
    private.write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo))
    return private, public


def verify_seconds(archive: Path, key: Path) -> float:
    """Seconds of `voice-assets verify` for the signed zip."""
    command = [sys.executable, "-m", "voice_assets.cli", "verify", str(archive), "--key", str(key)]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"the package was refused:\n{done.stdout}{done.stderr}")
    return seconds


def package_seconds(place: Path, contents: package.Contents, voice: dict[str, str], clips: list, key: Path) -> float:
    """Seconds to make the evidence, the signed package ``place/<name>`` and its zip."""
    started = time.perf_counter()
    signer = Signer(key)
    built = package.build(
        place, with_evidence(contents, voice, clips), lambda folder: signer.sign(folder, place / "signatures")
    )
    zip_package(built, place / f"{NAME}.zip")
    return time.perf_counter() - started


def main() -> None:
    """Package and verify in turns, and print the figures."""
    packaged, verified = [], []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        contents, voice = fixed_contents(folder / "work")
        private, public = write_keys(folder)
        clips = dataset_rows()
        for turn in range(TURNS):
            archive = folder / str(turn) / f"{NAME}.zip"
            packaged.append(package_seconds(archive.parent, contents, voice, clips, private))
            verified.append(verify_seconds(archive, public))
            print(f"{archive.stat().st_size / 1e6:.0f} MB: packaged in {packaged[-1]:.1f} s, verified in {verified[-1]:.1f} s")
    figures = {"package_s": statistics.median(packaged), "verify_s": statistics.median(verified)}
    print(json.dumps({name: round(seconds, 2) for name, seconds in figures.items()}))


if __name__ == "__main__":
    main()
