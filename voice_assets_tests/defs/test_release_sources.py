"""What a release says about the clips behind its voice."""

import os

import pytest

from voice_assets.defs.release_sources import changed_clips
from voice_assets.orchestration.records import TABLE
from voice_assets.voices import load_voice
from voice_assets_tests.remembered import decay
from voice_assets_tests.toy_project import SHARDS, WORDS, ToyProject


@pytest.mark.slow
def test_clips_with_other_bytes_than_the_judged_ones_are_a_warning(validated: ToyProject) -> None:
    voice = load_voice(validated.root / "voices" / "toy.yaml")
    judged = [validated.latest("clips", shard) for shard in SHARDS]
    assert changed_clips(voice, judged) == []
    clips = sorted((validated.dataset / "wavs").iterdir())
    clips[0].unlink()
    was = clips[3].stat()
    clips[3].write_bytes(clips[3].read_bytes()[:-2] + b"\1\1")
    os.utime(clips[3], ns=(was.st_atime_ns, was.st_mtime_ns))
    (warning,) = changed_clips(voice, judged)
    assert f"2 of the {len(WORDS)} clips behind this voice" in warning
    assert any(f"such as wavs/{clip.name};" in warning for clip in (clips[0], clips[3]))


def test_a_lost_table_of_clips_is_a_warning(validated: ToyProject) -> None:
    judged = [validated.latest("clips", shard) for shard in SHARDS]
    validated.file("clips", TABLE, SHARDS[0]).unlink()
    (warning,) = changed_clips(load_voice(validated.root / "voices" / "toy.yaml"), judged)
    assert "cannot be compared" in warning
    assert "is missing from" in warning


def test_what_is_remembered_does_not_count(validated: ToyProject) -> None:
    decay(sorted((validated.dataset / "wavs").iterdir())[0])
    voice = load_voice(validated.root / "voices" / "toy.yaml")
    assert changed_clips(voice, [validated.latest("clips", shard) for shard in SHARDS]) == []
