"""The table in the UI that leads from a checkpoint, an ONNX file or a package to the runs and reports it came from."""

from voice_assets.defs.came_from import RUNS_SHOWN, came_from
from voice_assets.orchestration.links import run_url
from voice_assets_tests.recorded_voice import RecordedVoice


def table(recorded: RecordedVoice, *names: str) -> dict[str, list[str]]:
    """The cells of each row after the first, by asset."""
    gate = recorded.gate()
    sources = [gate.history.latest(recorded.target(name).key) for name in names]
    text = came_from(gate, [one for one in sources if one is not None])["came_from"].md_str
    rows = [line.strip("|").split("|") for line in (text or "").splitlines()[2:]]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows if len(row) > 1}


def test_every_asset_upstream_has_a_row_with_its_run_and_report(recorded: RecordedVoice) -> None:
    rows = table(recorded, "onnx_voice")
    made = recorded.gate().history.latest(recorded.target("whisper_validation").key)
    assert made is not None
    assert set(rows) >= {"onnx_voice v0-e0001", "checkpoint v0-e0001", "mini_training", "training_set", "clips, 2 partitions"}
    verdict, version, run, report = rows["whisper_validation"]
    assert (verdict, version) == ("PASS", made.data_version[:16])
    assert run == f"[{made.run_id[:8]}]({run_url(made.run_id)})"
    assert report == "[open](/reports/toy/whisper_validation_A)"
    assert rows["training_set"][0] == "no rules"
    assert rows["training_set"][3] == ""


def test_shards_share_a_row_with_a_link_to_each_run(recorded: RecordedVoice) -> None:
    assert table(recorded, "base_validation")["clips, 2 partitions"][2].count("](/runs/") == 2


def test_many_runs_are_one_link_to_the_asset(recorded: RecordedVoice) -> None:
    for number in range(RUNS_SHOWN + 1):
        recorded.make("clips", "0-of-2", f"data {number}")
        recorded.make("base_validation", None, f"data {number}")
    gate = recorded.gate()
    validations = list(gate.history.all(recorded.target("base_validation").key))
    text = came_from(gate, validations)["came_from"].md_str or ""
    (clips,) = (line for line in text.splitlines() if line.startswith("| clips"))
    assert clips.count("](/runs/") == RUNS_SHOWN
    assert f"[all {RUNS_SHOWN + 3} runs](/assets/toy/clips)" in clips


def test_a_failure_shows(recorded: RecordedVoice) -> None:
    recorded.make("whisper_validation", failing=["mean_similarity"])
    assert table(recorded, "whisper_validation")["whisper_validation"][0] == "FAIL"
