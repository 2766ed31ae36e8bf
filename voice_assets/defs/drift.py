"""The asset `drift_report` of stage `transcription`: a validation against the last one that passed, also after a failure."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.defs.display import preview, table
from voice_assets.defs.trend import validations
from voice_assets.orchestration.asset import asset
from voice_assets.orchestration.checks import suite_fingerprint
from voice_assets.orchestration.describe import asset_key, describe
from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.inputs import gate_of, resolve_inputs
from voice_assets.orchestration.marks import AFTER_FAILURE
from voice_assets.orchestration.partitions import epochs
from voice_assets.orchestration.recorded_verdicts import recorded_verdicts
from voice_assets.orchestration.records import SETTINGS, Materialisation
from voice_assets.orchestration.results import finished
from voice_assets.orchestration.still_valid import Standing, results, standings, still_valid_check
from voice_assets.orchestration.tables import read
from voice_assets.orchestration.validation_changes import differences, last_passed
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    from voice_assets.asr.drift import Drift
    from voice_assets.reports.drift_layout import Contents, Validation

VALIDATION = "whisper_validation"
MADE_OF_THE_DATA = ("checkpoint", "onnx_voice", "voice_package")
"""The results that show when a later validation fails."""
JUDGING = ("base_validation", VALIDATION)
"""The assets whose failure on newer data such a result shows, too."""


def drift_assets(voice: Voice) -> list[dg.AssetsDefinition]:
    """``drift_report``."""
    return [_drift_report(voice)]


def drift_sensor() -> dg.SensorDefinition:
    """The sensor that makes the drift report of every new validation. A run whose validation fails cannot make it.

    One for all voices: Dagster looks for the targets of each such sensor among the assets and checks of every voice.
    """
    return dg.AutomationConditionSensorDefinition(
        "drift_reports",
        target=dg.AssetSelection.from_string('key:"*/drift_report"'),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Compares every new Whisper validation of a voice with the last one of that voice that passed.",
    )


def drift_checks(voice: Voice) -> list[dg.AssetChecksDefinition]:
    """``still_valid`` of each result that is made of the data. The check is no rule."""
    return [still_valid_check(voice, name, JUDGING, epochs(voice.name)) for name in MADE_OF_THE_DATA]


def _drift_report(voice: Voice) -> dg.AssetsDefinition:
    arguments = describe(
        voice,
        "drift_report",
        group="transcription",
        reads=[VALIDATION],
        settings={"rules": suite_fingerprint(voice, VALIDATION)},  # other limits give other verdicts on the same validation
        kinds=["report", "html"],
        metadata={AFTER_FAILURE: True},
    )

    @asset(
        **arguments,
        automation_condition=dg.AutomationCondition.eager(),
        description="`drift_report.html`: this validation against the last one that passed: clips that are new, low, fixed, "
        "worse or better, and what changed: data, model, code, settings, limits. Made also when the validation fails.",
    )
    def drift_report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.reports import drift as report

        inputs, gate = resolve_inputs(context), gate_of(context)
        now = inputs.one(VALIDATION)
        before = last_passed(gate, now)
        found = list(standings(gate, [asset_key(voice, name) for name in MADE_OF_THE_DATA], JUDGING))
        for result in results(gate, found):
            context.log_event(result)
        contents = _contents(voice, gate, before, now, found)
        folder = project_store(voice).add(report.write(voice.reports_dir, contents))
        return finished(inputs.pins, folder.sha256, _figures(contents, before), report=folder)

    return drift_report


def _compare(voice: Voice, before: Materialisation | None, now: Materialisation) -> "Drift":
    from voice_assets.asr.drift import compare

    earlier = read(project_store(), before.evidence["transcripts"]) if before else None
    later = read(project_store(), now.evidence["transcripts"])
    return compare(earlier, later, _low_similarity(voice, before or now), _low_similarity(voice, now))


def _low_similarity(voice: Voice, of: Materialisation) -> float:
    """The limit that a validation recorded; today's for a validation that recorded none."""
    return float((of.metadata.get(SETTINGS) or {}).get("low_similarity", voice.whisper.low_similarity))


def _contents(
    voice: Voice, gate: Gate, before: Materialisation | None, now: Materialisation, found: list[Standing]
) -> "Contents":
    from voice_assets.reports import trend
    from voice_assets.reports.drift_layout import Contents

    past = sorted(validations(gate.history.instance, now.key))
    changed = differences(gate, before, now, "whisper_shard", "clips") if before else []
    return Contents(
        title=voice.title,
        dataset=voice.dataset,
        place=voice.dataset_place,
        language=voice.language,
        drift=_compare(voice, before, now),
        before=_named(before) if before else None,
        now=_named(now),
        verdicts=recorded_verdicts(gate, [now]).get(VALIDATION, []),
        differences=[{"kind": one.kind, "what": one.what, "before": one.before, "now": one.now} for one in changed],
        affected=[(one.name, one.reasons) for one in found if one.reasons],
        past=trend.newest(past[:-1], past[-1]),
    )


def _named(of: Materialisation) -> "Validation":
    from voice_assets.reports.drift_layout import Validation
    from voice_assets.runtime.stamps import utc_text

    return Validation(utc_text(of.time), of.run_id, of.report.name if of.report else "")


def _figures(contents: "Contents", before: Materialisation | None) -> dict[str, Any]:
    """The counts, what differs and the first clips, for the UI; which validation was compared with."""
    from voice_assets.reports.drift_layout import DIFFERENCE_HEADINGS, FIRST

    drift = contents.drift
    shown = ["clip_id", "changes", "similarity_before", "similarity", "reference", "hypothesis"]
    return {
        **drift.counts,
        "affected": len(contents.affected),
        "compared_with": str(contents.before) if contents.before else FIRST,
        "compared_with_run": before.run_id if before else "",
        "what_changed": table(list(contents.differences), DIFFERENCE_HEADINGS),
        "changed_clips": preview(drift.clips, shown),
    }
