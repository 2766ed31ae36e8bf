"""`voice-assets doctor`: a line per finding, what to do below it, and an exit code for scripts."""

from pathlib import Path

from voice_assets_tests.cli.projects import call
from voice_assets_tests.datasets import write_voice


def test_lines_say_what_was_checked_the_value_and_what_to_do(project: Path) -> None:
    voice = write_voice(project / "voices" / "toy.yaml", project / "nowhere")
    done = call("doctor", "toy")
    assert done.exit_code == 1
    assert "ok   package click" not in done.output
    assert f"ok   folder for results: {project / 'artifacts'} can be written\n" in done.output
    assert (
        f"bad  data set of toy: {project / 'nowhere'} is no folder ({voice}: dataset)\n"
        "     What to do: put the data set there, or correct `dataset` in the voice file\n"
    ) in done.output


def test_a_missing_data_set_among_all_voices_is_only_a_warning(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project / "nowhere")
    done = call("doctor")
    assert done.exit_code == 0
    assert "warn data set of toy" in done.output


def test_a_broken_voice_file_is_shown_line_by_line(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project, shards=0, sample_rate=0)
    done = call("doctor")
    assert done.exit_code == 1
    file = project / "voices" / "toy.yaml"
    assert f"bad  voice file toy.yaml: {file}: sample_rate" in done.output
    assert f"\n     {file}: shards: Input should be greater than 0 (value: 0)\n" in done.output


def test_a_finding_cannot_talk_to_the_terminal(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project, espeak_voice="\x1b[2J[red]:smile:")
    output = call("doctor", "toy").output
    assert r"bad  espeak voice: '\x1b[2J[red]:smile:' is not a voice of espeak-ng" in output


def test_an_espeak_voice_without_a_dictionary_is_bad(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project, espeak_voice="fo")
    done = call("doctor", "toy")
    assert done.exit_code == 1
    assert "bad  espeak voice: 'fo' is a voice without a dictionary" in done.output
