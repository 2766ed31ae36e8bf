"""Partitions: shards of the clips, epochs of the training, versions of the release. No asset is defined here."""

import re

import dagster as dg

from voice_assets.dataset.shards import shard_keys
from voice_assets.voices import Voice


def shards(voice: Voice) -> dg.StaticPartitionsDefinition:
    """The voice's shards, such as ``0-of-4``; the key holds the count, so results of different counts never mix."""
    return dg.StaticPartitionsDefinition(shard_keys(voice.shards))


def epochs(voice_name: str) -> dg.DynamicPartitionsDefinition:
    """The voice's trained epochs, such as ``v3-e0050``; the training adds each one while it runs."""
    return dg.DynamicPartitionsDefinition(name=f"{voice_name}_epochs")


def releases(voice_name: str) -> dg.DynamicPartitionsDefinition:
    """The voice's releases, such as ``1.0.0``; `voice-assets release` adds each one, or a person in the Dagster UI."""
    return dg.DynamicPartitionsDefinition(name=f"{voice_name}_releases")


def partition_keys(partitions: dg.PartitionsDefinition | None, instance: dg.DagsterInstance) -> list[str | None]:
    """The partitions that an asset has today; ``[None]`` for an asset without partitions."""
    return [None] if partitions is None else list(partitions.get_partition_keys(dynamic_partitions_store=instance))


def epoch_key(version: int, epoch: int) -> str:
    """``v<training run>-e<epoch>``, both from 0 as Lightning counts: ``lightning_logs/version_3``, ``epoch=50``."""
    return f"v{version}-e{epoch:04d}"


def parse_epoch_key(key: str) -> tuple[int, int]:
    """The exact inverse of ``epoch_key``: ``(version, epoch)``; another spelling of the numbers is no key.

    Raises:
        ValueError: ``key`` is not an epoch key.
    """
    match = re.fullmatch(r"v([0-9]+)-e([0-9]+)", key)
    if match is None or epoch_key(int(match[1]), int(match[2])) != key:
        raise ValueError(f"{key!r} is not an epoch key such as v3-e0050")
    return int(match[1]), int(match[2])
