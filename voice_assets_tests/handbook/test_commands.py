"""Every command in the README and in the handbook is run, as it is written there."""

import csv
import re
import shutil
from pathlib import Path

import pytest

from voice_assets.cli.main import main as voice_assets
from voice_assets_tests.cli.projects import make_project
from voice_assets_tests.handbook import examples
from voice_assets_tests.handbook.examples import Place, adapted, at, general, handbook_commands, run, shell
from voice_assets_tests.handbook.pages import ROOT, blocks, files_of, inline_code, pages
from voice_assets_tests.toy_project import HERE, ToyProject

LOW = "spy-dahdi"
"""A clip of one word that Whisper hears as another: 1 of 12 clips is over the limit of 2 %."""
CLIPS = 12
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))


def test_every_command_has_a_place_where_it_is_run() -> None:
    found = list(handbook_commands())
    assert len(found) > 40
    assert {one.place for one in found} == set(Place)
    walked = {general(one.line) for one in at(Place.OWN_VOICE)}
    elsewhere = [one for one in found if one.place is Place.OWN_VOICE and general(one.line) not in walked]
    assert elsewhere == []  # `fix` of another page is the one of the page on one's own voice


def test_other_tests_run_what_is_said_of_them() -> None:
    assert set(examples.OTHER_TESTS) <= {general(one.line) for one in handbook_commands()}
    assert set(examples.OTHER_PAGES) <= set(pages())
    for file, words in (*examples.OTHER_TESTS.values(), *examples.OTHER_PAGES.values()):
        assert words in (ROOT / file).read_text(encoding="utf-8")


def test_what_make_does_is_there() -> None:
    for command in at(Place.MAKE):
        done = shell(f"{command.line.replace('make', 'make -n', 1)}", ROOT)
        assert done.returncode == 0, done.stderr
        assert command.line.split()[1] in TARGETS


def test_commands_in_running_text_have_the_options_that_exist() -> None:
    for page, text in pages().items():
        for code in inline_code(text):
            words = code.split()
            if words[:1] == ["make"] and len(words) > 1:
                assert words[1] in TARGETS or "=" in words[1], (page, code)
            if words[:1] != ["voice-assets"] or len(words) == 1 or words[1] == "COMMAND":
                continue
            known = voice_assets.commands[words[1]]
            options = {option for parameter in known.params for option in parameter.opts} | {"--help"}
            assert {word for word in words[2:] if word.startswith("--")} <= options, (page, code)


@pytest.mark.slow
def test_a_validated_project(validated: ToyProject) -> None:
    base = {"model": "base"}
    tones = {"max_edge_spike": 1000.0}  # the clips of this project are tones of one length
    validated.write_voice(whisper={**base, "compute_type": "int8"}, asr_sample=base, quality=tones, listening="advisory")
    commands = at(Place.VALIDATED)
    order = sorted(commands, key=lambda one: "review" in one.line)  # the quality report comes before its review
    printed = {general(one.line): run(one, {"felix_mirage": "toy", "my_voice": "toy"}, validated.root) for one in order}
    assert "quality_report" in printed["voice-assets run VOICE --to quality_report"]
    assert "toy" in printed["voice-assets status"]
    assert "<title>" in printed["voice-assets review VOICE"]


@pytest.mark.slow
def test_a_failed_rule(failed: ToyProject) -> None:
    names = {"felix_mirage": "toy", "whisper_validation/low_similarity": "base_validation/text_length"}
    waive, shown, revoke = at(Place.FAILED)
    assert failed.blockers("clip_stats", "0-of-2") != []
    run(waive, names, failed.root)
    found = re.search(r"\b[0-9a-f]{8}\b", run(shown, names, failed.root))
    assert found is not None
    assert failed.blockers("clip_stats", "0-of-2") == []
    run(revoke, {**names, "1a2b3c4d": found[0]}, failed.root)
    assert failed.blockers("clip_stats", "0-of-2") != []


@pytest.mark.slow
def test_a_shell(validated: ToyProject, tmp_path: Path) -> None:
    assert shell("git init -q --bare there && git clone -q there here", tmp_path).returncode == 0
    message = "-c user.name=a -c user.email=a@example.org commit -q --allow-empty -m first"
    assert shell(f"git {message} && git push -q origin HEAD", tmp_path / "here").returncode == 0
    for command in at(Place.SHELL):
        done = shell(command.line, tmp_path / "here" if command.line.startswith("git ") else validated.root)
        assert done.returncode == command.code, f"{command.page}: {command.line}\n{done.stdout}{done.stderr}"


@pytest.mark.slow
def test_the_page_on_ones_own_voice(allison: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_project(tmp_path / "project", monkeypatch)
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(HERE / name, root / name)
    write_recordings(allison, root / "recordings")
    monkeypatch.chdir(root)
    for block in blocks("yaml"):
        if block.page == examples.OWN_VOICE:
            for name, text in files_of(block):
                Path(name).write_text(text, encoding="utf-8")
    for command in at(Place.OWN_VOICE):
        if " fix " in command.line:
            drop_low_clips(root / "datasets" / "my_voice")
        run(command, {}, root)
    assert f"{LOW}|" not in (root / "datasets" / "my_voice-v2" / "metadata_2col.csv").read_text(encoding="utf-8")


def write_recordings(dataset: Path, folder: Path) -> None:
    """A few recordings as people have them: ``name.wav`` with ``name.txt``. One of them is low."""
    folder.mkdir(parents=True)
    rows = [line.split("|") for line in (dataset / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()]
    plain = [row for row in rows if 30 < len(row[1]) < 60 and not re.search(r"[\d*#]", row[1])][: CLIPS - 1]
    for name, text in [*plain, *(row for row in rows if row[0] == LOW)]:
        shutil.copy(dataset / "wavs" / f"{name}.wav", folder)
        (folder / f"{name}.txt").write_text(f"{text}\n", encoding="utf-8")


def drop_low_clips(dataset: Path) -> None:
    """Decide ``drop`` for every low clip of the newest validation, as a person does."""
    file = sorted(dataset.glob("reports/validation_whisper_sharded_*/low_similarity.tsv"))[-1]
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened, delimiter="\t"))
    assert [row["clip_id"] for row in rows] == [LOW]
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]), delimiter="\t")
        writer.writeheader()
        writer.writerows({**row, "decision": "drop"} for row in rows)


def test_dates_of_examples_never_pass() -> None:
    assert adapted("waive x --until 2027-01-31", {"x": "toy"}) == "waive toy --until 2999-12-31"
