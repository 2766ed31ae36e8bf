"""The suites of ``data_checks/``: reads them, and replaces their ``$parameters`` with a voice's thresholds.

``rules.suite_file`` has the schema of the files, ``rules.runner`` judges data. This module does not import Great
Expectations, so that a code location can list every rule while it loads.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import data_checks
from voice_assets.rules.suite_file import Parameter, SuiteError, not_plain, parse_suite, suite_from
from voice_assets.rules.suite_file import Rule as Rule
from voice_assets.rules.suite_file import Severity as Severity
from voice_assets.runtime.files import sha256

FOLDER = Path(data_checks.__file__).resolve().parent
"""The folder of the suites: the package ``data_checks``, with the custom expectations beside them."""

_REFERENCE = re.compile(r"\$([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Suite:
    """A file of ``data_checks/`` as written, with ``$names`` in the places of a voice's thresholds.

    ``sha256`` is the hash of the file's bytes.
    """

    name: str
    rules: tuple[Rule, ...] = field(hash=False)
    sha256: str

    @property
    def parameter_names(self) -> frozenset[str]:
        """Every name after a ``$`` anywhere in the rules."""
        return frozenset(name for rule in self.rules for name in _parameters_of(rule))


@dataclass(frozen=True)
class BoundSuite:
    """A suite with all its parameters filled in, ready for judging.

    ``judged_by`` is the JSON text that names what decides a verdict: the SHA-256 of the file and of the code of the custom
    expectations, and the parameters. Verdicts with equal texts come from the same rules.
    """

    name: str
    rules: tuple[Rule, ...] = field(hash=False)
    parameters: Mapping[str, Parameter] = field(hash=False)
    judged_by: str

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of ``judged_by``."""
        return hashlib.sha256(self.judged_by.encode()).hexdigest()


def suite_names(folder: Path = FOLDER) -> tuple[str, ...]:
    """The names of all suites, sorted: the file names without ``.json``."""
    return tuple(sorted(file.stem for file in folder.glob("*.json")))


def load_suite(name: str, folder: Path = FOLDER) -> Suite:
    """Read ``<folder>/<name>.json``.

    Raises:
        SuiteError: no such file, not JSON, or against the schema (``data_checks/README.md``).
    """
    file = folder / f"{name}.json"
    try:
        content = file.read_bytes()
    except OSError as error:
        known = ", ".join(suite_names(folder)) or "none"
        raise SuiteError(f"suite {name}: cannot read {file}: {error.strerror}; suites there: {known}") from error
    return _suite(name, content)


@cache  # the voices of a project share their suites: reading them again for each took most of the time of loading
def _suite(name: str, content: bytes) -> Suite:
    return Suite(name, tuple(parse_suite(name, content).expectations), hashlib.sha256(content).hexdigest())


def bind(suite: Suite, parameters: Mapping[str, Parameter]) -> BoundSuite:
    """Replace every ``$name`` of the suite with its parameter: in arguments, at any depth, and in descriptions.

    A text that is only ``$name`` becomes the value, with its type. Inside a longer text, ``$name`` becomes a text.

    Raises:
        SuiteError: a name without a value; a value that no rule uses (a misspelt name); a value that is not a finite number, a
            text or a boolean. With a null threshold, Great Expectations would pass silently.
    """
    for name, value in parameters.items():
        _expect_plain(suite, name, value)
    judged_by = {"suite": suite.sha256, "code": _code(), "parameters": dict(parameters)}
    return _bound(suite, json.dumps(judged_by, sort_keys=True, ensure_ascii=False))


@cache
def _code() -> str:
    """The hash of the custom expectations, as this process reads and executes them."""
    return sha256(FOLDER / "expectations.py")


@cache  # voices with equal thresholds share their rules
def _bound(suite: Suite, judged_by: str) -> BoundSuite:
    parameters: dict[str, Parameter] = json.loads(judged_by)["parameters"]
    unused = sorted(set(parameters) - suite.parameter_names)
    if unused:
        known = ", ".join(f"${name}" for name in sorted(suite.parameter_names)) or "none"
        raise SuiteError(f"suite {suite.name}: no rule uses the parameter {', '.join(unused)}; its parameters are: {known}")
    for rule in suite.rules:
        missing = sorted(_parameters_of(rule) - set(parameters))
        if missing:
            raise SuiteError(f"suite {suite.name}: rule {rule.name}: the parameter {', '.join(missing)} has no value")
    filled = [_fill(rule.as_written(), parameters) for rule in suite.rules]
    rules = tuple(suite_from(suite.name, {"name": suite.name, "expectations": filled}).expectations)
    return BoundSuite(suite.name, rules, parameters, judged_by)


def _parameters_of(rule: Rule) -> frozenset[str]:
    return frozenset(_REFERENCE.findall(json.dumps(rule.as_written(), ensure_ascii=False)))


def _expect_plain(suite: Suite, name: str, value: object) -> None:
    reason = not_plain(value)
    if not reason and isinstance(value, str) and "$" in value:
        reason = f"is {value!r}, a value has no $ in it"
    if reason:
        users = ", ".join(rule.name for rule in suite.rules if name in _parameters_of(rule)) or "(none)"
        raise SuiteError(f"suite {suite.name}: rule {users}: the parameter {name} {reason}")


def _fill(value: Any, parameters: Mapping[str, Parameter]) -> Any:
    if isinstance(value, dict):
        return {key: _fill(one, parameters) for key, one in value.items()}
    if isinstance(value, list):
        return [_fill(one, parameters) for one in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return parameters[whole[1]]
    return _REFERENCE.sub(lambda found: _in_words(parameters[found[1]]), value)


def _in_words(value: Parameter) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)
