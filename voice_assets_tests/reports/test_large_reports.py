"""The page of a validation stays readable with many shards and many suspects; the files have everything."""

import re

import pytest

from voice_assets.dataset.shards import shard_key
from voice_assets.dataset.tables import TRANSCRIPTS, frame
from voice_assets.reports import whisper
from voice_assets.reports.whisper_page import MOST_PLAYERS, MOST_SHARDS
from voice_assets_tests.reports.test_transcript_reports import read_tsv, transcript, write_whisper

pytestmark = pytest.mark.slow

SHARDS, LOW = 256, 150


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A report on 256 shards of 2 clips; in 150 shards one clip is low, the lowest in shard 0; shard 255 has no clip."""
    scores = [0.1 + number / 1000 if number < LOW else 0.95 for number in range(SHARDS - 1)]
    rows = [
        transcript(f"{name}-{number}", score, "Нажмите 5")
        for number, low in enumerate(scores)
        for name, score in (("a", low), ("b", 0.9))
    ]
    table = frame(rows, TRANSCRIPTS)
    shards = [
        whisper.ShardResult(shard_key(number, SHARDS), table[2 * number : 2 * number + 2], None, "run")
        for number in range(SHARDS)
    ]
    return write_whisper(tmp_path_factory.mktemp("large"), table, shards, None)


def test_the_page_shows_the_lowest_of_many_shards(large):
    page = (large / "whisper_report.html").read_text(encoding="utf-8")
    shown = re.findall(rf"<th[^>]*>(\d+)-of-{SHARDS}</th>", page)
    assert [int(number) for number in shown] == list(range(MOST_SHARDS))
    assert f"for the {MOST_SHARDS} lowest of {SHARDS} shards" in page


def test_the_page_plays_the_worst_of_many_clips_and_the_table_has_all(large):
    page = (large / "whisper_report.html").read_text(encoding="utf-8")
    assert f"Low clips: {LOW} under 0.8" in page
    assert f"The worst {MOST_PLAYERS} are here; low_similarity.tsv has all" in page
    assert page.count("<audio") == MOST_PLAYERS
    assert "/a-0.wav" in page
    assert f"/a-{MOST_PLAYERS}.wav" not in page
    assert len(read_tsv(large / "low_similarity.tsv")) == LOW
