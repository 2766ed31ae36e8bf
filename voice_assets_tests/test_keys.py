"""Every asset, check, job, schedule and sensor of the demo voice, compared with ``demo_keys.txt``: a change is seen in review.

After a change that is meant: ``python -m voice_assets_tests.test_keys`` writes the file anew.
"""

from difflib import unified_diff
from pathlib import Path

from voice_assets.definitions import build_definitions

RECORDED = Path(__file__).with_name("demo_keys.txt")
VOICES = Path(__file__).resolve().parent.parent / "voices"
VOICE = "ivrvoice_ru"


def found() -> list[str]:
    """One line a key, sorted within its kind."""
    definitions = build_definitions(VOICES)
    graph, repository = definitions.resolve_asset_graph(), definitions.get_repository_def()
    lines = []
    for key in sorted(key for key in graph.get_all_asset_keys() if key.path[0] == VOICE):
        node = graph.get(key)
        parents = ", ".join(sorted(parent.path[-1] for parent in node.parent_keys)) or "nothing"
        kind = (
            type(node.partitions_def).__name__.removesuffix("PartitionsDefinition").lower() if node.partitions_def else "none"
        )
        lines.append(f"asset {key.to_user_string()}: group {node.group_name}, partitions {kind}, from {parents}")
        lines += sorted(f"check {key.to_user_string()}: {check.name}" for check in graph.get_check_keys_for_assets({key}))
    lines += [f"job {job.name}" for job in sorted(repository.get_all_jobs(), key=lambda job: job.name)]
    lines += [f"schedule {schedule.name}" for schedule in sorted(repository.schedule_defs, key=lambda one: one.name)]
    return [*lines, *(f"sensor {sensor.name}" for sensor in sorted(repository.sensor_defs, key=lambda one: one.name))]


def test_the_keys_of_the_demo_voice_are_those_recorded() -> None:
    recorded = RECORDED.read_text(encoding="utf-8").splitlines()
    difference = "\n".join(unified_diff(recorded, found(), "recorded", "found", lineterm=""))
    assert not difference, f"{difference}\n\nIf the change is meant: python -m voice_assets_tests.test_keys"


if __name__ == "__main__":
    RECORDED.write_text("\n".join(found()) + "\n", encoding="utf-8")
