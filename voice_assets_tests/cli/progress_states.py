"""Progress as running assets write it, for the tests of `voice-assets watch`."""

from voice_assets.runtime import running
from voice_assets_tests.runtime.test_running import state


def clip(name: str, similarity: float, text: str = "Текст") -> dict[str, object]:
    """A clip as a worker tells it."""
    return {"clip_id": name, "reference": f"{text} {name}.", "hypothesis": "гипотеза", "similarity": similarity}


def write_progress(partition: str | None, asset: str = "whisper_shard", **changes: object) -> None:
    """Write the progress of an asset of the voice `toy`; ``changes`` replace fields of a state of this process."""
    running.write(running.progress_file("toy", asset, partition), state(**changes))
