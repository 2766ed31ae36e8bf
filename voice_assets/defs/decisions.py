"""The decisions of people: waivers and listening verdicts. External assets; each decision is one materialisation."""

import dagster as dg

from voice_assets.orchestration.describe import asset_key, group_name
from voice_assets.orchestration.listening import LISTENING, subjects
from voice_assets.orchestration.marks import DECISIONS
from voice_assets.orchestration.waivers import WAIVERS
from voice_assets.voices import Voice


def decision_assets(voice: Voice) -> list[dg.AssetSpec]:
    """``waivers``, and ``listening_verdict`` unless the voice asks nobody to listen."""
    waivers = dg.AssetSpec(
        asset_key(voice, WAIVERS),
        group_name=group_name(voice, "decisions"),
        kinds={"human"},
        tags={"voice": voice.name},
        metadata={DECISIONS: True},
        description="Rules that people let pass for one version of the data, with a reason and an end: `voice-assets waive`, "
        "`voice-assets waivers`. Gates read them; nothing needs to run again.",
    )
    return [waivers, _listening_verdict(voice)] if voice.listening != "off" else [waivers]


def _listening_verdict(voice: Voice) -> dg.AssetSpec:
    return dg.AssetSpec(
        asset_key(voice, LISTENING),
        partitions_def=subjects(voice.name),
        group_name=group_name(voice, "quality"),
        kinds={"human"},
        tags={"voice": voice.name},
        metadata={DECISIONS: True},
        description="People heard the samples of a data version or of an epoch, and approved or rejected them: "
        f"`voice-assets review {voice.name}`. This voice: {voice.listening}.",
    )
