"""The arguments that all assets of a voice share: key, group, owner, code version, gates. ``@asset(**describe(...))``."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from voice_assets.orchestration.listening import HEARD, LISTENING
from voice_assets.orchestration.marks import GATE_ONLY
from voice_assets.voices import Voice

BROKEN_GROUP = "broken_voices"
LAYOUT = 2
"""The layout of the recorded metadata. A new number makes all earlier materialisations out of date."""


def asset_key(voice: Voice, name: str) -> dg.AssetKey:
    """``[voice, name]``."""
    return dg.AssetKey([voice.name, name])


def group_name(voice: Voice, stage: str) -> str:
    """``<voice>__<stage>``: in the UI's graph each voice has boxes of its own, also when there are many voices."""
    return f"{voice.name}__{stage}"


def code_version(code: int, settings: Mapping[str, Any]) -> str:
    """``<layout>.<code>.<hash of settings>``: a change of any part makes existing results out of date.

    Args:
        code: a number that grows when the asset computes something else.
        settings: the values of the voice file that change the result.
    """
    text = json.dumps(settings, sort_keys=True, default=str, ensure_ascii=False)
    return f"{LAYOUT}.{code}.{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def describe(
    voice: Voice,
    name: str,
    *,
    group: str,
    reads: Sequence[str] = (),
    gated_by: Sequence[str] = (),
    heard: Sequence[str] = (),
    code: int = 1,
    settings: Mapping[str, Any] | None = None,
    kinds: Sequence[str] = ("python",),
    metadata: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Keyword arguments for ``orchestration.asset.asset``.

    Args:
        voice: the voice the asset belongs to.
        name: the asset's name within the voice.
        group: the stage.
        reads: names of the assets whose data go in; a change of their data makes this asset out of date.
        gated_by: names of the assets that must pass first, but whose data do not go in.
        heard: names of the assets upstream whose samples people must have approved first (`listening` in the voice file).
        code: see ``code_version``.
        settings: see ``code_version``.
        kinds: up to three words; the UI shows each as an icon.
        metadata: marks of the asset besides those of its gate.
    """
    deps = [dg.AssetDep(asset_key(voice, parent)) for parent in (*reads, *gated_by)]
    gates: dict[str, Any] = {GATE_ONLY: list(gated_by)}
    if heard and voice.listening != "off":
        deps.append(dg.AssetDep(asset_key(voice, LISTENING), partition_mapping=dg.AllPartitionMapping()))
        gates[HEARD] = {"assets": list(heard), "mode": voice.listening}
    return {
        "key": asset_key(voice, name),
        "group_name": group_name(voice, group),
        "deps": deps,
        "code_version": code_version(code, settings or {}),
        "owners": [voice.owner] if voice.owner else None,
        "kinds": set(kinds),
        "tags": {"voice": voice.name},
        "metadata": {**gates, **(metadata or {})},
    }
