"""What people read of a release: its part of PROJECT_STATUS.md and the hand-over checklist, from the records.

Not here: how the two look (``release.project_status``, ``release.handover``), and judging.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voice_assets.defs.package_card import HEARD_FIRST
from voice_assets.defs.release_sources import CHECKPOINT, CONFIG, LOGS, PACKAGE, Sources
from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.listening import verdicts_on
from voice_assets.orchestration.recorded_verdicts import recorded_verdicts
from voice_assets.orchestration.records import Materialisation
from voice_assets.release.git_tag import Tag
from voice_assets.release.handover import Delivered, Line, checklist, plan_lines, release_lines
from voice_assets.release.project_status import Stage, Status, figures_in_words
from voice_assets.release.release_folder import CHECKLIST, Release
from voice_assets.reports.verdicts import worst_word
from voice_assets.runtime import project
from voice_assets.runtime.stamps import utc_text
from voice_assets.runtime.storage import DATASET, project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd

REPORTED = ("base_validation", "quality_report", "asr_sample_report", "whisper_validation", "mini_training", "training")
"""The assets of the plan's stages 1 to 5 that write a report."""


@dataclass(frozen=True)
class Archived:
    """Where a release is: its folder, the one in the data set's reports, the status page, what was archived, and the tag."""

    folder: Path
    reports: Path
    page: Path
    sources: Sources
    tag: Tag | None


@dataclass(frozen=True)
class Papers:
    """The papers of one release.

    Attributes:
        ancestors: the materialisations behind the package of the assets that the voice has today, the nearest first.
        evidence, verdicts: the tables of the suite ``release``, and what its rules said.
    """

    voice: Voice
    gate: Gate
    ancestors: Sequence[Materialisation]
    release: Release
    archived: Archived
    evidence: "Mapping[str, pd.DataFrame]"
    verdicts: Sequence[dict[str, Any]]

    @cached_property
    def lines(self) -> list[Line]:
        """The checklist, line by line."""
        return [*plan_lines(self._judged, self._reports), *release_lines(self._delivered())]

    def checklist(self) -> str:
        """``HANDOVER.md``."""
        return checklist(self.release.title, self.release.version, self.lines)

    def status(self) -> Status:
        """The part of the status page."""
        missing = sum(line.state == "missing" for line in self.lines)
        archived = self.archived
        facts = [
            ("Released", self.release.released),
            ("Package", f"{self.release.package} (SHA-256 of the folder {self.release.package_sha256})"),
            ("Archive", f"{self._shown(archived.folder)} and {self._shown(archived.reports)}"),
            ("Signature", str(self.evidence["facts"]["signed_by"].iloc[0]) or "unsigned"),
            ("Git tag", "none" if archived.tag is None else f"{archived.tag.name} on {archived.tag.commit}"),
        ]
        return Status(
            voice=self.voice.name,
            title=self.release.title,
            version=self.release.version,
            epoch=self.release.epoch,
            facts=facts,
            stages=list(self._stages()),
            next_step=f"hand over with {self._shown(archived.reports / CHECKLIST)}, in which {missing} lines are missing",
        )

    @cached_property
    def _judged(self) -> dict[str, list[dict[str, Any]]]:
        """The recorded verdicts by asset, those of people who listened among them."""
        found = recorded_verdicts(self.gate, self.ancestors)
        for one, said in verdicts_on(self.gate.history, list(self.ancestors), HEARD_FIRST):
            if said is not None:
                words = f"{said.word} by {said.by}: {said.comment or 'no comment'}"
                approved = said.word == "approved"
                blocks = not approved and self.voice.listening == "required"
                row = {"rule": "listening", "passed": approved, "blocks": blocks, "message": words}
                found.setdefault(one.key.path[-1], []).append(row)
        return {**found, "release": list(self.verdicts)}

    @cached_property
    def _reports(self) -> dict[str, str]:
        """The newest report of each asset that is still there, as a path."""
        store = project_store(self.voice)
        made = sorted(self.ancestors, key=lambda one: one.storage_id)
        written = {one.key.path[-1]: one.report for one in made if one.report is not None}
        return {name: self._at(report.uri) for name, report in written.items() if store.exists(report)}

    def _at(self, uri: str) -> str:
        return self._shown(self.voice.dataset / uri.removeprefix(DATASET)) if uri.startswith(DATASET) else uri

    def _shown(self, path: Path) -> str:
        """A path as the status page can name it: relative to the project, so that it is the same on every machine."""
        return Path(os.path.relpath(path, project.root())).as_posix()

    def _delivered(self) -> Delivered:
        archived = self.archived
        clients = [_said(row) for row in self.evidence["clients"].to_dict("records")]
        failed = [row for row in self.verdicts if "client" in str(row["rule"]) and not row["passed"]]
        package = self._in_archive(PACKAGE)
        return Delivered(
            archived={kind: self._in_archive(kind) for kind in (CHECKPOINT, CONFIG, LOGS)},
            status_page=self._shown(archived.page),
            package=package,
            usage=f"README.md in {package}" if package else "",
            tag="" if archived.tag is None else f"{archived.tag.name} on {archived.tag.commit}",
            push_with="" if archived.tag is None else f"git push origin {archived.tag.name}",
            reports={name: self._reports.get(name, "") for name in REPORTED},
            clients=clients,
            clients_passed=not failed,
        )

    def _in_archive(self, kind: str) -> str:
        """The files of one kind in the archive, in words: the one, or the folder and how many; empty for none."""
        names = self.archived.sources.of(kind)
        folder = self._shown(self.archived.reports)
        if len(names) == 1:
            return f"{folder}/{names[0]}"
        return f"{folder}/{kind}, {len(names)} files" if names else ""

    def _stages(self) -> Iterator[Stage]:
        """The assets behind the package, upstream first, and the release itself."""
        groups: dict[str, list[Materialisation]] = {}
        for one in sorted(self.ancestors, key=lambda one: one.storage_id):
            groups.setdefault(one.key.path[-1], []).append(one)
        for name, ones in groups.items():
            group = self.gate.graph.get(ones[-1].key).group_name or ""
            parts = {one.partition for one in ones}
            yield Stage(
                stage=group.rpartition("__")[2],
                asset=name,
                verdict=worst_word(self._judged.get(name, [])) or "no rules",
                made=utc_text(ones[-1].time),
                figures=f"{len(parts)} partitions" if len(parts) > 1 else figures_in_words(ones[-1].metadata),
                report=self._reports.get(name, ""),
            )
        released = self.archived.reports
        spoken = f"{len(self.evidence['clients'])} programs spoke it"
        word = worst_word(self.verdicts) or "no rules"
        yield Stage("release", "release", word, self.release.released, spoken, self._shown(released / CHECKLIST))


def _said(row: Mapping[Any, Any]) -> str:
    """What became of one client, in words."""
    heard = f"CER {row['cer']:.3f}, here {row['cer_here']:.3f}"
    return f"{row['client']} {row['version']}: {row['problem'] or heard}"
