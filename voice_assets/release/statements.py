"""The evidence of a package as in-toto statements: the verdicts of each gate, and the provenance of the voice.

Every statement follows from the package's own files: ``lineage.json``, ``training.json``, the data set's description and the
voice. So a package gets the result of `statements`, and whoever verifies a package calls `statements` again and compares.

Formats: in-toto Statement v1, predicates test-result v0.1 and SLSA provenance v1. Does not belong here: signing
(``release.signing``), and the description of the data set (``release.croissant``).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from voice_assets.reports.lineage import Entry, Lineage, Rule

STATEMENT = "https://in-toto.io/Statement/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
PROVENANCE = "https://slsa.dev/provenance/v1"
BUILDER = "pkg:generic/voice-assets"
BUILD_TYPE = f"{BUILDER}#training-of-a-piper-voice"
FOLDER = "evidence"
GATE_FILE, PROVENANCE_FILE, DATASET_FILE = "{asset}.intoto.json", "provenance.intoto.json", "croissant.json"
"""The names of the files under ``evidence/``."""
TRAINED_FROM = ("training_set", "starting_checkpoint")
"""The assets whose files a training reads."""

Statement = dict[str, Any]


class StatementError(ValueError):
    """A lineage that no statement can be made of. The message names the asset and what it lacks."""


class _Judged(NamedTuple):
    """The verdict of one rule on one materialisation."""

    rule: str
    place: str
    status: str
    verdict: Rule


def statements(
    lineage: Lineage, training: Mapping[str, Any], voice: Mapping[str, str], dataset_sha256: str
) -> dict[str, Statement]:
    """Every statement of a package, by its file name under ``evidence/``. For the arguments and errors, see `provenance`."""
    return {**gate_statements(lineage), PROVENANCE_FILE: provenance(lineage, training, voice, dataset_sha256)}


def gate_statements(lineage: Lineage) -> dict[str, Statement]:
    """The statement of every gate in ``lineage``, by its file name under ``evidence/``, the nearest asset first.

    Raises:
        StatementError: an asset has verdicts and no recorded file that its rules judged.
    """
    judged: dict[str, list[Entry]] = {}
    for one in lineage.materialisations:
        if one.verdicts:
            judged.setdefault(asset_name(one), []).append(one)
    return {GATE_FILE.format(asset=asset): gate_statement(asset, entries) for asset, entries in judged.items()}


def asset_name(entry: Entry) -> str:
    """The name of an asset without its voice: ``whisper_validation``."""
    return entry.asset.rpartition("/")[2]


def gate_statement(asset: str, entries: Sequence[Entry]) -> Statement:
    """The test-result statement of one gate.

    Its subjects are the files that the rules judged. A rule whose verdict differs between materialisations is named once for
    each of them, with its partition: ``similarity_range[0-of-2]``. The observed values, limits, messages, waivers and reasons
    are annotations of the suite that they belong to.

    Args:
        asset: the name of the asset and of its suite.
        entries: the materialisations of the asset in the lineage of the voice.

    Raises:
        StatementError: no file was judged.
    """
    subject = _subjects(entries)
    if not subject:
        raise StatementError(f"{asset}: its rules were judged, and its records name no judged file; run its checks again")
    judged = [
        _Judged(verdict.rule, place, _status(verdict), verdict)
        for one, place in zip(entries, _places(entries), strict=True)
        for verdict in one.verdicts
    ]
    labels = _by_rule(judged, lambda one: one.status)
    tests = {status: sorted(name for name, found in labels.items() if found == status) for status in _STATUSES}
    result = "FAILED" if tests["failed"] else "WARNED" if tests["warned"] else "PASSED"
    named = {f"{status}Tests": names for status, names in tests.items()}
    return {
        "_type": STATEMENT,
        "subject": subject,
        "predicateType": TEST_RESULT,
        "predicate": {"result": result, "configuration": _configuration(asset, entries, judged), **named},
    }


def _places(entries: Sequence[Entry]) -> list[str]:
    """The partition of each materialisation; where several have the same one, with the number in the event log."""
    count = Counter(one.partition for one in entries)
    return [
        one.partition if one.partition and count[one.partition] == 1 else f"{one.partition or ''}#{one.storage_id}"
        for one in entries
    ]


_STATUSES = ("passed", "warned", "failed")


def _status(verdict: Rule) -> str:
    """A rule without a result has failed, as it has for the gates."""
    if verdict.passed is True:
        return "passed"
    return "failed" if verdict.blocks else "warned"


def _subjects(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Every recorded file once, sorted by its URI."""
    found = sorted({(uri, digest) for one in entries for uri, digest in one.artifacts.items()})
    return [{"name": uri, "digest": {"sha256": digest}} for uri, digest in found]


def _by_rule(judged: Iterable[_Judged], value: Callable[[_Judged], Any]) -> dict[str, Any]:
    """Rule -> value; ``rule[partition]`` -> value for each partition, where the values of a rule differ."""
    by_rule: dict[str, dict[str, Any]] = {}
    for one in judged:
        by_rule.setdefault(one.rule, {})[one.place] = value(one)
    found: dict[str, Any] = {}
    for rule, values in by_rule.items():
        first, *others = values.values()
        same = all(other == first for other in others)
        found |= {rule: first} if same else {f"{rule}[{place}]": each for place, each in values.items()}
    return found


def _configuration(asset: str, entries: Iterable[Entry], judged: Sequence[_Judged]) -> list[dict[str, Any]]:
    """One descriptor per version of the suite that judged. Its digest is the SHA-256 of the text ``judged_by``.

    The verdict of a person, who heard the samples, has no suite; a descriptor of its own holds it.
    """
    texts = {digest: text for one in entries for digest, text in one.judged_by.items()}
    by_suite: dict[str, list[_Judged]] = {}
    for one in judged:
        by_suite.setdefault(one.verdict.suite, []).append(one)
    found = []
    for digest, mine in sorted(by_suite.items()):
        annotations = _annotations(mine) | ({"judged_by": texts[digest]} if digest in texts else {})
        name = {"name": f"data_checks/{asset}.json", "digest": {"sha256": digest}} if digest else {"name": "no suite"}
        found.append(name | {"annotations": annotations})
    return found


def _annotations(judged: Sequence[_Judged]) -> dict[str, dict[str, Any]]:
    """Limits, observed values, messages, waivers and reasons, by rule. Each is there, also when no rule has one."""
    wanted: dict[str, Callable[[_Judged], Any]] = {
        "limits": lambda one: one.verdict.limit,
        "observed": lambda one: one.verdict.observed,
        "messages": lambda one: one.verdict.message,
        "waivers": lambda one: one.verdict.waiver or None,
        "advisory": lambda one: one.verdict.advisory or None,
    }
    found = {name: _by_rule(judged, value) for name, value in wanted.items()}
    return {name: {rule: each for rule, each in values.items() if each is not None} for name, values in found.items()}


def provenance(lineage: Lineage, training: Mapping[str, Any], voice: Mapping[str, str], dataset_sha256: str) -> Statement:
    """The SLSA provenance of a voice: what it was trained from, with which settings, and by which run.

    Args:
        lineage: of the package.
        training: the content of ``training.json``.
        voice: file -> SHA-256 of the ``.onnx`` and its ``.onnx.json``.
        dataset_sha256: of ``evidence/croissant.json``.

    Raises:
        StatementError: the lineage has no checkpoint whose training has ended.
    """
    checkpoint = next((one for one in lineage.materialisations if asset_name(one) == "checkpoint"), None)
    made = {one.storage_id: one for one in lineage.materialisations}
    trained_by = None if checkpoint is None or checkpoint.trained_by is None else made.get(checkpoint.trained_by.storage_id)
    if checkpoint is None or trained_by is None:
        raise StatementError("lineage.json: names no checkpoint whose training has ended; make the package again")
    inputs = [
        one
        for one in map(made.get, (pin.storage_id for pin in trained_by.built_from))
        if one is not None and asset_name(one) in TRAINED_FROM
    ]
    metadata = {"invocationId": trained_by.run_id, "finishedOn": trained_by.time}
    definition = {
        "buildType": BUILD_TYPE,
        "externalParameters": dict(training),
        "resolvedDependencies": _dependencies(lineage, [*inputs, checkpoint], training, dataset_sha256),
    }
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(voice.items())],
        "predicateType": PROVENANCE,
        "predicate": {"buildDefinition": definition, "runDetails": {"builder": {"id": BUILDER}, "metadata": metadata}},
    }


def with_files(provenance: Statement, digests: Mapping[str, str]) -> Statement:
    """The provenance of a voice, with the files of its package as byproducts: file -> SHA-256, without those in ``evidence/``.

    So a statement names every file, and a changed report contradicts the provenance.
    """
    files = sorted((name, digest) for name, digest in digests.items() if not name.startswith(f"{FOLDER}/"))
    listed = [{"name": name, "digest": {"sha256": digest}} for name, digest in files]
    predicate = provenance["predicate"]
    details = {**predicate["runDetails"], "byproducts": listed}
    return {**provenance, "predicate": {**predicate, "runDetails": details}}


def _dependencies(
    lineage: Lineage, used: Sequence[Entry], training: Mapping[str, Any], dataset_sha256: str
) -> list[dict[str, Any]]:
    """The data set, the files of ``used``, the published voice or the weights that the training started from, and Piper."""
    found = [_descriptor(f"{FOLDER}/{DATASET_FILE}", dataset_sha256, {"role": "data set", "versions": lineage.data_sets()})]
    for one in used:
        role = {"role": asset_name(one).replace("_", " ")}
        found += [_descriptor(uri, digest, role) for uri, digest in sorted(one.artifacts.items())]
    recorded = training.get("identity")
    identity = recorded if isinstance(recorded, Mapping) else {}
    sources = [one.source for one in used if one.source is not None]
    for source in sources:
        said = {"role": "published voice", "license": source.license, "credit": source.credit}
        found.append(_descriptor(source.name, source.sha256, said))
    if identity.get("start") and not sources:
        found.append(_descriptor("training.checkpoint", identity["start"], {"role": "weights that the training started from"}))
    piper = identity.get("piper")
    return [*found, {"uri": f"pkg:pypi/piper-tts@{piper}"}] if piper else found


def _descriptor(name: str, sha256: str, annotations: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "digest": {"sha256": sha256}, "annotations": dict(annotations)}
