"""Stage `dataset`: the data set on disk. Dagster observes the data set and does not make it."""

import dagster as dg
from dagster._core.definitions.external_asset import create_external_asset_from_source_asset

from voice_assets.orchestration.dataset_files import reading
from voice_assets.orchestration.describe import asset_key, group_name
from voice_assets.orchestration.partitions import shards
from voice_assets.orchestration.revalidation import EVERY_BYTE
from voice_assets.voices import Voice


def dataset_assets(voice: Voice) -> list[dg.AssetsDefinition]:
    """``raw_dataset``."""

    @dg.observable_source_asset(
        key=asset_key(voice, "raw_dataset"),
        group_name=group_name(voice, "dataset"),
        partitions_def=shards(voice),
        tags={"voice": voice.name, "dagster/kind/file": "", "dagster/kind/wav": ""},
        description=f"The data set of {voice.title} in `{voice.dataset_place}`: `config.json`, `metadata_2col.csv`, `wavs/`. "
        "An observation hashes config, texts and audio of each shard. A changed clip makes only its own shard out of date. "
        "Audio whose size, times and inode are those of its last hash is read again by schedule only. Of audio on a store, "
        "nothing is read: its size and ETag count.",
    )
    def raw_dataset(context: dg.OpExecutionContext) -> dg.DataVersionsByPartition:
        from voice_assets.dataset.clips import fingerprint
        from voice_assets.dataset.mirror import Mirror

        every_byte = EVERY_BYTE in context.run.tags
        with reading(voice):
            versions = fingerprint(voice.dataset, voice.shards, every_byte=every_byte, mirror=Mirror.of(voice))
        context.log.info(f"{voice.dataset_place}: {len(versions)} shards hashed")
        return dg.DataVersionsByPartition(versions)

    return [create_external_asset_from_source_asset(raw_dataset)]  # Dagster would do so for each graph that it makes
