"""What a version writes, on a real package and in a real repository. The programs that would speak are left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import dagster as dg
import pandas as pd
import pytest

from voice_assets.dataset.tables import CLIENTS, frame
from voice_assets.defs.release_draft import SIGNED_BY, Draft
from voice_assets.orchestration.marks import RELEASED
from voice_assets.orchestration.records import Materialisation, pins_json
from voice_assets.orchestration.results import one_row
from voice_assets.runtime.storage import Artifact
from voice_assets.voices import load_voice
from voice_assets_tests.defs.releasable_voice import EPOCHS, Releasable
from voice_assets_tests.defs.releasable_voice import releasable as releasable
from voice_assets_tests.defs.releasable_voice import releasable_once as releasable_once
from voice_assets_tests.release.small_package import small_package as small_package
from voice_assets_tests.release.small_package import small_voice as small_voice

pytestmark = pytest.mark.slow

BLOCKED = [{"rule": "clients_speak", "passed": False, "blocks": True, "message": "piper is silent"}]


@dataclass
class Run:
    """What a draft asks its run for."""

    asset_key: dg.AssetKey
    partition_key: str


def package_of(made: Releasable, epoch: str = EPOCHS[-1]) -> Materialisation:
    found = made.project.gate().history.latest(dg.AssetKey(["toy", "voice_package"]), epoch)
    assert found is not None
    return found


def draft(made: Releasable, version: str = "1.0.0", *, tagged: bool = True) -> Draft:
    """The version as a new run sees it."""
    run = cast("dg.AssetExecutionContext", Run(dg.AssetKey(["toy", "release"]), version))
    voice = load_voice(made.root / "voices" / "toy.yaml")
    return Draft(run, voice, made.project.gate(), package_of(made), tagged)


def evidence() -> dict[str, pd.DataFrame]:
    return {"facts": one_row({SIGNED_BY: ""}), "clients": frame([], CLIENTS)}


def publish(one: Draft, verdicts: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Archive, tag and write the papers; returns the metadata entries."""
    report, entries = one.publish(evidence(), list(verdicts))
    return {**entries, "report": report.as_json()} if isinstance(report, Artifact) else entries


def release(made: Releasable, version: str = "1.0.0", *, tagged: bool = True) -> dict[str, Any]:
    """Release a version and record it, as the asset does."""
    one = draft(made, version, tagged=tagged)
    one.require_possible("")
    entries = publish(one)
    code = one.gate.graph.get(one.context.asset_key).code_version
    upstream = pins_json([one.package.pin()])
    entries |= {RELEASED: True, "epoch": one.package.partition, "upstream": upstream}
    made.voice.materialise(one.context.asset_key, one.package.data_version, version, code, **entries)
    return entries


def test_a_released_version_stays_as_it_was_when_a_rule_blocks_today(releasable: Releasable) -> None:
    assert publish(draft(releasable), BLOCKED) == {}  # a version that is not released: the record shows why
    release(releasable)
    with pytest.raises(dg.Failure, match=r"(?s)was released at .* stays as it was.*clients_speak: piper is silent"):
        publish(draft(releasable), BLOCKED)
