"""Checks of what a package says about its voice: the lineage, the statements, the settings, the data set, licence and credit.

Every statement follows from other files of the package, so each is made again and compared. Not here: making the statements
(``release.statements``), and the signature (``release.signing``).
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from voice_assets.release.checked import Check
from voice_assets.release.croissant import CONFORMS_TO
from voice_assets.release.package_files import PackageFiles
from voice_assets.release.statements import (
    DATASET_FILE,
    FOLDER,
    PROVENANCE_FILE,
    StatementError,
    asset_name,
    gate_statements,
    provenance,
    with_files,
)
from voice_assets.release.sums import PackageError
from voice_assets.reports.lineage import FILE, Entry, Lineage, read
from voice_assets.reports.markdown import escape
from voice_assets.rules.suites import load_suite, suite_names

_NOT_NAMED = "not named by the owner"
GATES = ("base_validation", "quality_report", "whisper_validation", "mini_training", "training", "onnx_voice", "voice_samples")
"""The assets whose rules every packaged voice passed. Others depend on the voice file: a sample of 0 clips is left out."""


def lineage_of(files: PackageFiles) -> Lineage:
    """The content of ``lineage.json``.

    Raises:
        PackageError, LineageError: the file is missing or cannot be read.
    """
    return read(files.path(FILE))


def lineage_problems(files: PackageFiles) -> list[str]:
    """Whether the lineage is that of this voice, and whole, and every rule in it lets the voice pass."""
    lineage = lineage_of(files)
    if asset_name(lineage.root) != "voice_package":
        return [f"{FILE}: the lineage of {lineage.root.name}, not of a voice package"]
    return [
        *_lost(lineage),
        *_left_out(lineage),
        *_twice(lineage),
        *_other_voice(files, lineage),
        *(one for entry in lineage.materialisations for one in _verdict_problems(entry)),
    ]


def _lost(lineage: Lineage) -> list[str]:
    """The inputs that no entry describes, or another entry than the pin."""
    known = {one.identity: one for one in lineage.materialisations}
    problems = []
    for one in lineage.materialisations:
        for pin in (pin for pin in one.pins if pin.storage_id):
            source = known.get((pin.asset, pin.partition, pin.storage_id, ""))
            if source is None:
                problems.append(f"{FILE}: {one.name}: was built from {pin.asset}, whose entry is missing")
            elif (source.run_id, source.data_version) != (pin.run_id, pin.data_version):
                problems.append(f"{FILE}: {one.name}: was built from another version of {source.name} than its entry says")
    return problems


def _left_out(lineage: Lineage) -> list[str]:
    """The gates that the voice did not go through. What was observed, as the data set is, has no rules and is no gate."""
    there = {asset_name(one) for one in lineage.ancestors(lineage.root) if not one.observed}
    return [
        f"{FILE}: {lineage.root.name}: no {gate} among its inputs; every voice passes its rules: make the package again"
        for gate in GATES
        if gate not in there
    ]


def _twice(lineage: Lineage) -> list[str]:
    """The materialisations with two entries, and the rules with two verdicts: one of them would hide the other."""
    entries = Counter(one.identity for one in lineage.materialisations)
    names = dict.fromkeys(one.name for one in lineage.materialisations if entries[one.identity] > 1)
    problems = [f"{FILE}: {name}: two entries describe one materialisation; make the package again" for name in names]
    for one in lineage.materialisations:
        rules = Counter(verdict.rule for verdict in one.verdicts)
        twice = [rule for rule, count in rules.items() if count > 1]
        problems += [f"{FILE}: {one.name}: two verdicts of the rule {rule}; make the package again" for rule in twice]
    return problems


def _other_voice(files: PackageFiles, lineage: Lineage) -> list[str]:
    """The files of the voice that the export in the lineage did not make."""
    exports = [one for one, _ in lineage.sources(lineage.root) if asset_name(one) == "onnx_voice"]
    if len(exports) != 1:
        return [f"{FILE}: {lineage.root.name}: built from {len(exports)} onnx_voice, and a package has one"]
    made = {uri.rpartition("/")[2]: digest for uri, digest in exports[0].artifacts.items()}
    wanted = [f"{files.name}.onnx", f"{files.name}.onnx.json", "tokens.txt"]
    return [
        f"{name}: its SHA-256 is {files.digests.get(name, 'none')[:12]}…, {exports[0].name} in {FILE} made "
        f"{made.get(name, 'none')[:12]}…"
        for name in wanted
        if files.digests.get(name) != made.get(name)
    ]


def _verdict_problems(entry: Entry) -> list[str]:
    """The rules that close a gate, and the rules that nobody judged."""
    problems = [
        f"{FILE}: {entry.name}: the rule {one.rule} failed: {one.message or 'no message'}"
        for one in entry.verdicts
        if one.passed is not True and one.blocks
    ]
    asset = asset_name(entry)
    if asset == "voice_package" or asset not in suite_names():
        return problems
    if not entry.verdicts:
        return [*problems, f"{FILE}: {entry.name}: no verdict of its rules"]
    for digest, text in entry.judged_by.items():
        if hashlib.sha256(text.encode()).hexdigest() != digest:
            problems.append(f"{FILE}: {entry.name}: the rules and limits in judged_by are not those of {digest[:12]}…")
    return problems + _lost_rules(entry, asset)


def _lost_rules(entry: Entry, asset: str) -> list[str]:
    """The rules of the suite without a verdict, where the suite that judged is the one that this version has."""
    suite = load_suite(asset)
    if not any(f'"suite": "{suite.sha256}"' in text for text in entry.judged_by.values()):
        return []
    lost = sorted({rule.name for rule in suite.rules} - {one.rule for one in entry.verdicts})
    return [f"{FILE}: {entry.name}: no verdict of the rule {name}" for name in lost]


def statement_problems(files: PackageFiles) -> list[str]:
    """Whether ``evidence/`` has exactly the statements that follow from the lineage, and nothing that no statement names."""
    try:
        wanted = gate_statements(lineage_of(files))
    except StatementError as error:
        raise PackageError(f"{FILE}: {error}") from error
    problems = [_compared(files, name, statement) for name, statement in wanted.items()]
    known = {f"{FOLDER}/{name}" for name in (*wanted, PROVENANCE_FILE, DATASET_FILE)}
    more = sorted(name for name in files.digests if name.startswith(f"{FOLDER}/") and name not in known)
    return [*filter(None, problems), *(f"{name}: no gate in {FILE} has this statement; remove the file" for name in more)]


def provenance_problems(files: PackageFiles) -> list[str]:
    """Whether the provenance is the one that follows from lineage, settings, data set, voice and all other files."""
    lineage, training = lineage_of(files), files.json("training.json")
    voice = {name: files.digests[name] for name in (f"{files.name}.onnx", f"{files.name}.onnx.json") if name in files.digests}
    files.path(f"{FOLDER}/{DATASET_FILE}")
    try:
        made = provenance(lineage, training, voice, files.digests[f"{FOLDER}/{DATASET_FILE}"])
    except StatementError as error:
        raise PackageError(f"{FILE}: {error}") from error
    wanted = with_files(made, files.listed)
    return [*filter(None, [_compared(files, PROVENANCE_FILE, wanted)]), *_other_epoch(training, lineage)]


def _other_epoch(training: Mapping[str, Any], lineage: Lineage) -> list[str]:
    epoch = lineage.root.partition
    return [] if training.get("epoch") == epoch else [f"training.json: epoch {training.get('epoch')!r}, {FILE} says {epoch!r}"]


def _compared(files: PackageFiles, name: str, wanted: Mapping[str, Any]) -> str:
    """How the statement ``name`` differs from ``wanted``; empty when it does not."""
    file = f"{FOLDER}/{name}"
    if file not in files.digests:
        return f"{file}: missing; {FILE} has verdicts for this statement"
    place = difference(json.loads(json.dumps(wanted)), files.json(file))
    return f"{file}: {place}, other than {FILE} and the files of the package say" if place else ""


def difference(wanted: Any, found: Any, place: str = "") -> str:
    """The first place where two JSON values differ, and the value there; empty when they are equal. ``1`` is not ``true``."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted({*wanted, *found}):
            inside = f"{place}.{key}".lstrip(".")
            if key not in found or key not in wanted:
                return f"{inside} is {'missing' if key in wanted else 'there'}"
            if told := difference(wanted[key], found[key], inside):
                return told
        return ""
    if isinstance(wanted, list) and isinstance(found, list):
        if others := sorted({*map(_name, wanted)} ^ {*map(_name, found)}):
            return f"{place}[{others[0]}] is {'missing' if others[0] in map(_name, wanted) else 'there'}"
        if len(wanted) == len(found):
            items = (
                difference(*pair, f"{place}[{_name(pair[0]) or at}]") for at, pair in enumerate(zip(wanted, found, strict=True))
            )
            return next(filter(None, items), "")
    if type(wanted) is type(found) and wanted == found:
        return ""
    return f"{place or 'all of it'} is {json.dumps(found, ensure_ascii=False)[:80]}"


def _name(item: Any) -> str:
    """The name of an item of a list; empty when the item has none."""
    name = item.get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) else ""


def licence_check(files: PackageFiles) -> Check:
    """Whether the card and the data set's description name one licence, one credit and the data set of the lineage."""
    card, dataset = files.text("MODEL_CARD"), files.json(f"{FOLDER}/{DATASET_FILE}", listing=True)
    problems, warnings, named = [], [], []
    if f"({escape(files.name)})" not in card.partition("\n")[0]:
        problems.append(f"MODEL_CARD: not the card of {files.name}")
    for name, key in (("Licence", "license"), ("Credit", "citeAs")):
        said, described = _card_line(card, name), escape(str(dataset.get(key) or "").strip())
        if said != described:
            problems.append(f"MODEL_CARD: {name.lower()} {said!r}, {FOLDER}/{DATASET_FILE} says {described!r}")
        if not said:
            warnings.append(f"MODEL_CARD: the {name.lower()} is {_NOT_NAMED}; ask before using the voice")
        named.append(said)
    return Check("licence", "" if problems else "; ".join(filter(None, named)) or "none", tuple(problems), tuple(warnings))


def dataset_problems(files: PackageFiles) -> list[str]:
    """Whether the description of the data set is one, and is about the data set that the lineage begins with."""
    dataset, versions = files.json(f"{FOLDER}/{DATASET_FILE}", listing=True), lineage_of(files).data_sets()
    problems = []
    if dataset.get("@type") != "sc:Dataset" or dataset.get("conformsTo") != CONFORMS_TO:
        problems.append(f"{FOLDER}/{DATASET_FILE}: no description of a data set in Croissant ({CONFORMS_TO})")
    if dataset.get("identifier") not in {f"sha256:{version}" for version in versions.values()}:
        problems.append(f"{FOLDER}/{DATASET_FILE}: its version {dataset.get('identifier')!r} is not the data set of {FILE}")
    return problems


def _card_line(card: str, name: str) -> str:
    """What the card says; empty when the owner named nothing.

    Raises:
        PackageError: the card has no such line.
    """
    found = re.search(rf"^\* {name}: (.*)$", card, re.MULTILINE)
    if found is None:
        raise PackageError(f"MODEL_CARD: no line '* {name}: …'")
    return "" if found[1].startswith(_NOT_NAMED) else found[1].strip()
