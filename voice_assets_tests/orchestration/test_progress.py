"""Progress of a real run: lines in its log with the scores and the last clip, and the file that `watch` reads."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from voice_assets.orchestration import progress as progress_room
from voice_assets.orchestration.dead_runs import process_tags
from voice_assets.orchestration.progress import clip_words, follow, progress
from voice_assets.orchestration.unfinished_runs import progress_of
from voice_assets.runtime import running


def clip(number: int) -> dict[str, Any]:
    return {"clip_id": f"c{number}", "reference": "Да,\tда " + "а" * 200, "hypothesis": "нет", "similarity": 0.25}


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that materialises an asset whose worker tells these events: (log lines, states seen, file afterwards)."""
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))

    def run(events: list[dict[str, Any]], every: int = 20) -> tuple[list[str], list[running.Running]]:
        seen: list[running.Running] = []

        @dg.asset(key=["toy", "whisper_shard"], partitions_def=dg.StaticPartitionsDefinition(["0-of-1"]))
        def whisper_shard(context: dg.AssetExecutionContext) -> None:
            with progress(context, "clips", every) as tell:
                listen = follow(tell)
                seen.extend(running.all_running("toy"))
                for event in events:
                    tell._written = 0.0  # as if half a second had passed
                    listen(event)
                    seen.extend(running.all_running("toy"))

        with dg.DagsterInstance.ephemeral() as instance:
            result = dg.materialize([whisper_shard], partition_key="0-of-1", instance=instance)
            logs = [record.event_log_entry.user_message for record in instance.get_records_for_run(result.run_id).records]
            lines = [line for line in logs if "clips" in line]
            assert running.all_running("toy") == []
            return lines, seen

    return run


def event(done: int, **fields: Any) -> dict[str, Any]:
    return {"event": "progress", "done": done, "total": 50, "rate_per_s": 8.0, "remaining_s": 3.0, **fields}


def test_every_n_clips_the_log_has_the_figures_and_the_last_clip(ran) -> None:
    scores = {"mean_similarity": 0.9, "low": 1, "decoded": 10, "from_cache": 0}
    events = [event(done, **scores, last=clip(done)) for done in (10, 20, 30, 40, 50)]
    lines, _ = ran(events)
    assert [line.split(" of ")[0] for line in lines] == ["20", "40", "50"]
    start = "20 of 50 clips, 8.0/s, 3 s to go, mean_similarity 0.900, low 1, decoded 10, from_cache 0; last c20 sim=0.25: "
    assert lines[0].startswith(start)
    assert lines[0].endswith("а…', hypothesis 'нет'")


def test_the_file_follows_and_holds_the_last_clips(ran) -> None:
    events = [event(done, mean_similarity=0.9, low=1, last=clip(done)) for done in range(1, 9)]
    _, seen = ran([*events, {"event": "note", "message": "not progress"}])
    assert (seen[0].done, seen[0].total, seen[0].recent) == (0, None, ())
    assert [one.done for one in seen[1:9]] == list(range(1, 9))
    last = seen[8]
    assert [one["clip_id"] for one in last.recent] == ["c4", "c5", "c6", "c7", "c8"]
    assert last.figures == {"mean_similarity": 0.9, "low": 1}
    assert (last.asset, last.partition, last.rate_per_s, last.remaining_s) == ("whisper_shard", "0-of-1", 8.0, 3.0)
    assert last.alive
    assert last.started <= last.updated


def test_a_worker_that_tells_only_a_count_is_followed_too(ran) -> None:
    lines, seen = ran([{"event": "progress", "done": 50, "total": 50}])
    assert lines[0].startswith("50 of 50 clips, ")
    assert "last" not in lines[0]
    assert seen[1].figures == {}
    assert seen[1].rate_per_s > 0


def test_what_a_killed_run_left_is_replaced(ran, tmp_path: Path) -> None:
    file = tmp_path / "artifacts" / "toy" / "progress" / "whisper_shard@0-of-1"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"done": 7}), encoding="utf-8")
    _, seen = ran([])
    assert [one.done for one in seen] == [0]


def test_a_hostile_clip_is_written_out() -> None:
    line = clip_words({"clip_id": "\x1b[2J", "reference": "\x07", "hypothesis": "\u202e", "similarity": 0.5})
    assert line == r"\x1b[2J sim=0.50: reference '\x07', hypothesis '\u202e'"


def test_the_file_holds_the_last_epochs_of_a_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    seen: list[running.Running] = []

    @dg.asset(key=["toy", "training"])
    def training(context: dg.AssetExecutionContext) -> None:
        with progress(context, "steps") as tell:
            for epoch in [*range(80), 78]:  # a resumed training tells epoch 78 again
                tell.epoch({"epoch": epoch, "loss": 30.0, "validation_mel": float("nan")}, f"not level: {epoch}")
                tell(epoch + 1, 100, epoch=epoch, of_epochs=100, loss=30.0)
            seen.extend(running.all_running("toy"))

    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize([training], instance=instance)
    (state,) = seen
    assert [row["epoch"] for row in state.curve] == list(range(40, 79))
    assert state.curve[-1] == {"epoch": 78, "loss": 30.0, "validation_mel": None}
    assert state.level == "not level: 78"
    assert state.figures == {"epoch": 78, "of_epochs": 100, "loss": 30.0}


def test_everybody_who_reads_the_records_can_follow_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a run: the records say what the file says, without NaN; an event for the first count and every 30 s."""
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    seen: list[tuple[list[running.Running], int]] = []

    @dg.asset(key=["toy", "whisper_shard"], partitions_def=dg.StaticPartitionsDefinition(["0-of-1"]))
    def whisper_shard(context: dg.AssetExecutionContext) -> None:
        with progress(context, "clips") as tell:
            seen.append(progress_of(context.instance, "toy"))
            context.instance.add_run_tags(context.run_id, process_tags(context.run_id))
            seen.append(progress_of(context.instance, "toy"))
            tell(7, 50, mean_similarity=float("nan"), low=1, last=clip(7))
            tell(8, 50, low=2)
            seen.append(progress_of(context.instance, "toy"))
            monkeypatch.setattr(progress_room, "SECONDS_BETWEEN_EVENTS", 0.0)
            tell(9, 50, low=3, last=clip(9))
            context.log_event(dg.AssetObservation(context.asset_key, partition="0-of-1", metadata={"removed": "space"}))
            seen.append(progress_of(context.instance, "toy"))

    job = dg.Definitions(assets=[whisper_shard]).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(instance=instance, partition_key="0-of-1", asset_selection=[whisper_shard.key])
        records = instance.fetch_observations(whisper_shard.key, limit=10).records
        assert progress_of(instance, "toy") == ([], 0)
    (waits, begun, first, later) = seen
    assert waits == ([], 1)
    assert [(one.asset, one.partition, one.total) for one in begun[0]] == [("whisper_shard", "0-of-1", None)]
    assert [(one.done, one.total, one.unit, one.figures) for one in first[0]] == [
        (7, 50, "clips", {"mean_similarity": None, "low": 1})
    ]
    (state,) = later[0]
    assert (state.done, state.figures, [one["clip_id"] for one in state.recent]) == (9, {"low": 3}, ["c7", "c9"])
    assert state.alive
    assert len(records) == 3
