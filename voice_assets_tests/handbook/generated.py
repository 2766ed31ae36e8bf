"""The parts of the handbook that the code writes: tables of rules, settings of the voice file, help of every command.

A part stands in its page between ``<!-- generated: NAME -->`` and ``<!-- end -->``.
``python -m voice_assets_tests.handbook.generated`` renews all parts; a test compares them.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import yaml
from pydantic import BaseModel

from voice_assets.cli.main import main as voice_assets
from voice_assets.orchestration.parameters import suite_parameters
from voice_assets.rules.suites import bind, load_suite
from voice_assets.voice_faults import NOT_IN_FILE
from voice_assets.voices import Voice
from voice_assets_tests.handbook.pages import DOCS

PART = re.compile(r"(?P<start><!-- generated: (?P<name>[\w ]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)
SECTIONS = {
    "base_validation": ("", "limits."),
    "quality_report": ("quality.",),
    "asr_sample_report": ("asr_sample.", "whisper."),
    "whisper_validation": ("whisper.",),
    "training": ("training.",),
    "voice_samples": ("samples.",),
}
"""The sections of the voice file with the limits of a suite. The limits of the other suites are fixed."""
PREFIX = "asr_"
"""What the name of a limit of the ASR sample has before the name of its setting."""


def what_to_do() -> dict[str, dict[str, str]]:
    """The advice for every rule, by suite and rule."""
    return dict(yaml.safe_load((DOCS / "what_to_do.yaml").read_text(encoding="utf-8")))


def default_voice() -> Voice:
    """A voice with every setting at its default."""
    return Voice(
        name="voice",
        file=Path("voice.yaml"),
        dataset=Path("data"),
        title="Voice",
        language="ru",
        region="RU",
        espeak_voice="ru",
    )


def settings(model: type[BaseModel], before: str = "") -> Iterator[tuple[str, Any, str]]:
    """Every setting of a section and of the sections in it: its path in the voice file, its default, its meaning."""
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            yield from settings(type(default), f"{before}{name}.")
        elif name == "revalidate":
            yield from settings(_section(field.annotation), f"{before}{name}.")
        elif before or name not in NOT_IN_FILE:
            yield f"{before}{name}", "required" if field.is_required() else default, field.description or ""


def _section(annotation: Any) -> type[BaseModel]:
    """The section in ``Section | None``."""
    return next(one for one in annotation.__args__ if isinstance(one, type) and issubclass(one, BaseModel))


def limit_settings(suite: str) -> dict[str, str]:
    """The setting of the voice file behind each ``$name`` of a suite; '' for a limit that no voice sets."""
    voice, known = default_voice(), {path: default for path, default, _ in settings(Voice)}
    found = {}
    for name, value in suite_parameters(voice, suite).items():
        paths = [f"{section}{part}" for section in SECTIONS.get(suite, ()) for part in (name, name.removeprefix(PREFIX))]
        found[name] = next((path for path in paths if path in known), "")
        assert found[name] == "" or known[found[name]] == value, (suite, name)
    return found


def rules(suite: str) -> str:
    """The rules of a suite as a table: what each says with the default limits, its setting, what to do when it fails."""
    written, advice, named = load_suite(suite), what_to_do().get(suite, {}), limit_settings(suite)
    bound = bind(written, suite_parameters(default_voice(), suite))
    lines = ["| rule | what it says | limit | when it fails |", "|---|---|---|---|"]
    for rule, filled in zip(written.rules, bound.rules, strict=True):
        used = [name for name in named if re.search(rf"\${name}\b", str(rule.as_written()))]
        limits = [f"`{named[name]}` {bound.parameters[name]}" if named[name] else f"{bound.parameters[name]}" for name in used]
        says = filled.as_written()["notes"] + (" (warns)" if filled.severity == "warning" else "")
        lines.append(f"| `{rule.name}` | {cell(says)} | {', '.join(limits)} | {advice.get(rule.name, '')} |")
    return "\n".join(lines)


def cell(words: str) -> str:
    """Words for a cell of a table."""
    return " ".join(words.split()).replace("|", "\\|")


def voice_file() -> str:
    """Every setting as tables, a table for each section."""
    sections: dict[str, list[str]] = {"": []}
    for path, default, meaning in settings(Voice):
        inside, _, name = path.rpartition(".")
        shown = default if default == "required" else f"`{yaml.safe_dump(default, default_flow_style=True).splitlines()[0]}`"
        sections.setdefault(inside, []).append(f"| `{name}` | {shown} | {cell(meaning)} |")
    head = ["| setting | default | meaning |", "|---|---|---|"]
    parts = [[f"## {f'`{name}`' if name else 'The voice'}", "", *head, *rows] for name, rows in sections.items()]
    return "\n\n".join("\n".join(one) for one in parts)


def help_of_commands() -> str:
    """The help of every command, as the shell shows it."""
    lines: list[str] = []
    whole = click.Context(voice_assets, info_name="voice-assets", **voice_assets.context_settings)
    for name, command in sorted(voice_assets.commands.items()):
        context = click.Context(command, whole, name, terminal_width=80)
        lines += [f"## {name}", "", "```text", command.get_help(context), "```", ""]
    return "\n".join(lines).rstrip()


def part(name: str) -> str:
    """The text of one generated part."""
    kind, _, suite = name.partition(" ")
    makers: dict[str, Callable[[], str]] = {"rules": lambda: rules(suite), "settings": voice_file, "commands": help_of_commands}
    return makers[kind]()


def renewed(page: str) -> str:
    """The text of a page with all its generated parts written anew."""
    return PART.sub(lambda found: f"{found['start']}\n{part(found['name'])}\n\n{found['end']}", page)


def main() -> None:
    """Write every generated part of the handbook anew."""
    for file in sorted(DOCS.rglob("*.md")):
        before = file.read_text(encoding="utf-8")
        if (after := renewed(before)) != before:
            file.write_text(after, encoding="utf-8")
            print(f"renewed {file.relative_to(DOCS)}")


if __name__ == "__main__":
    main()
