"""`voice-assets voices`: what there is, and what does not load."""

from pathlib import Path

from voice_assets_tests.cli.projects import call, error_of
from voice_assets_tests.datasets import write_voice


def test_the_voices_and_whether_their_data_sets_exist(project: Path) -> None:
    write_voice(project / "voices" / "here.yaml", project, title="Felix Mirage")
    write_voice(project / "voices" / "gone.yaml", project / "nowhere")
    done = call("voices")
    assert done.exit_code == 0
    rows = {row.split("│")[1].strip(): row for row in done.stdout.splitlines() if row.startswith("│")}
    assert "Felix Mirage" in rows["here"]
    assert "ru_RU" in rows["here"]
    assert f"{project} " in rows["here"]
    assert f"{project / 'nowhere'} (does not exist)" in rows["gone"]


def test_a_broken_file_is_an_error_beside_the_voices_that_load(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project)
    write_voice(project / "voices" / "bad.yaml", project, shards=0)
    write_voice(project / "voices" / "misspelt.yaml", project, advisory={"nope/nope": "because"})
    done = call("voices")
    assert done.exit_code == 2
    assert "│ toy" in done.stdout
    assert f"{project / 'voices' / 'bad.yaml'}: shards: Input should be greater than 0 (value: 0)" in done.stderr
    assert "misspelt.yaml: advisory.nope/nope: no such rule" in done.stderr


def test_no_voice_at_all(project: Path) -> None:
    assert f"{project / 'voices'} holds no voice file" in error_of("voices")
    (project / "voices").rmdir()
    assert f"{project / 'voices'} holds no voice file" in error_of("voices")


def test_a_title_cannot_talk_to_the_terminal(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project, title="[red]x[/] \x1b[2J\u202e")
    assert r"[red]x[/] \x1b[2J\u202e" in call("voices").output
