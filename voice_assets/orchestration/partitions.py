"""Partitions: shards of the clips, epochs of the training. No asset is defined here."""

import dagster as dg

from voice_assets.dataset.shards import shard_keys
from voice_assets.voices import Voice


def shards(voice: Voice) -> dg.StaticPartitionsDefinition:
    """The voice's shards, such as ``0-of-4``; the count is in the key, so another count never mixes with this one."""
    return dg.StaticPartitionsDefinition(shard_keys(voice.shards))


def epochs(voice_name: str) -> dg.DynamicPartitionsDefinition:
    """The voice's trained epochs, such as ``v3-e0050``: added by the training while it runs."""
    return dg.DynamicPartitionsDefinition(name=f"{voice_name}_epochs")


def epoch_key(version: int, epoch: int) -> str:
    """``v<training run>-e<epoch>``, both from 0 as Lightning counts: ``lightning_logs/version_3``, ``epoch=50``."""
    return f"v{version}-e{epoch:04d}"


def parse_epoch_key(key: str) -> tuple[int, int]:
    """The inverse of ``epoch_key``: ``(version, epoch)``.

    Raises:
        ValueError: ``key`` is not an epoch key.
    """
    version, separator, epoch = key.partition("-e")
    if not separator or not version.startswith("v"):
        raise ValueError(f"{key!r} is not an epoch key such as v3-e0050")
    return int(version[1:]), int(epoch)
