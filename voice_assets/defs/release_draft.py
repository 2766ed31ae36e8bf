"""One version of a release: what its rules judge, and what is written when they pass. Values come from the records.

Not here: the asset (``defs.releases``), and how each part is written (``release.release_folder``, ``git_tag``,
``project_status``, ``handover``).
"""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.defs.client_speech import heard_clients
from voice_assets.defs.release_papers import Archived, Papers
from voice_assets.defs.release_sources import sources_of, unnamed
from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.lineage import ancestry
from voice_assets.orchestration.records import Materialisation
from voice_assets.orchestration.released import released
from voice_assets.orchestration.results import one_row, opened, recorded
from voice_assets.release import project_status, release_folder, sums
from voice_assets.release.git_tag import GitError, Repository, Tag, message, says
from voice_assets.release.release_folder import CHECKLIST, Release, ReleaseError
from voice_assets.release.versions import VersionError, require_version, tag_name
from voice_assets.runtime import files, project
from voice_assets.runtime.stamps import utc_text
from voice_assets.runtime.storage import Artifact, project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd

NAME = "release"
WHEN, HANDOVER, TAG, ARCHIVE = "released_at", "handover", "tag", "archive"
"""The metadata entries of a release: when, the lines of the checklist, the tag, the folder with the archive."""
SIGNED_BY, WARNINGS = "signed_by", "package_warnings"
"""The facts, and metadata entries, with what verifying said: who signed the package, and what a person should know."""
BY_PACKAGE = "package-sha256"
"""The line of a tag's message that says which package was released."""


class Draft:
    """A version that is being released from one package."""

    def __init__(self, context: dg.AssetExecutionContext, voice: Voice, gate: Gate, package: Materialisation, tagged: bool):
        """Read what was recorded.

        Raises:
            dagster.Failure: the partition is no version.
        """
        try:
            self.version = require_version(context.partition_key)
        except VersionError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        self.context, self.voice, self.gate, self.package = context, voice, gate, package
        self.ancestors = ancestry(gate, [package])
        self.before = released(gate.history, context.asset_key, self.version)
        self.tag = tag_name(self.version, voice.name) if tagged else ""
        self.sha256 = package.artifact("package").sha256
        self.folder = project.artifacts_dir(voice.name) / "releases" / self.version
        self.reports = voice.reports_dir / f"release_{self.version}"
        self.page = project.root() / project_status.FILE
        self.repository = Repository(project.root())
        self.sources = sources_of(voice, package, self.ancestors)

    def require_possible(self, asked: str) -> None:
        """Return when nothing stands in the way that is no rule. Takes moments, and changes nothing.

        Args:
            asked: the epoch that a person asked for; empty for the newest package.

        Raises:
            dagster.Failure: the version was released from another package; Git cannot tag; the status page cannot be updated.
        """
        try:
            self._require_same(asked)
            if self.tag and self._own_tag() is None:
                self.repository.require_ready([self.voice.file], [self.page])
            project_status.require_updatable(self.page, self.voice.name)
        except (GitError, ReleaseError, project_status.StatusError, OSError) as error:
            raise dg.Failure(f"{self.voice.name} {self.version}: {error}", allow_retries=False) from error

    def _require_same(self, asked: str) -> None:
        if self.before is None:
            return
        was, now = self.before.data_version, self.package.data_version
        if was == now and asked in ("", self.package.partition):
            return
        why = f"not from {asked}" if asked not in ("", self.package.partition) else "and that package was made again since"
        raise ReleaseError(
            f"this version was released from {self.package.partition} ({was[:12]}) at {self.before.metadata[WHEN]}, {why}; "
            "a version is never overwritten: choose another version"
        )

    def _own_tag(self) -> Tag | None:
        """The tag of this release, where it is there already."""
        found = self.repository.tag(self.tag)
        return found if found is not None and says(found, BY_PACKAGE, self.sha256) else None

    def evidence(self) -> "dict[str, pd.DataFrame]":
        """The tables of the suite: ``facts`` and ``clients``."""
        from voice_assets.release.clients.speaking import CLIENTS

        out = project.artifacts_dir(self.voice.name) / NAME / self.version / self.context.run_id
        clients = heard_clients(self.context, self.voice, opened(self.package, "package"), out)
        tried = set(clients["client"])
        return {"facts": one_row({**self._facts(), "clients_missing": len(set(CLIENTS) - tried)}), "clients": clients}

    def _facts(self) -> dict[str, Any]:
        """What the rules judge besides the clients. Lists become text."""
        problems, warnings, signed_by = self._verified()
        licences, credited = unnamed(self.voice, self.ancestors)
        conflicts = self._conflicts()
        return {
            "package_problems": len(problems),
            "problems": problems,
            WARNINGS: warnings,
            SIGNED_BY: signed_by,
            "licences_missing": len(licences),
            "credits_missing": len(credited),
            "unnamed": [*licences, *credited],
            "version_conflicts": len(conflicts),
            "conflicts": conflicts,
            "not_archived": len(self.sources.lacking),
            "lacking": list(self.sources.lacking),
        }

    def _verified(self) -> tuple[list[str], list[str], str]:
        """The problems and warnings of `voice-assets verify` on the zip that is shipped, and who signed it."""
        from voice_assets.release.sums import PackageError
        from voice_assets.release.verification import verify

        try:
            found = verify(opened(self.package, "archive"))
        except PackageError as error:
            return [str(error)], [], ""
        return found.problems, found.warnings, str(found.signed_by)

    def _conflicts(self) -> list[str]:
        """What has this version already, and is not this release."""
        found = [release_folder.conflict(folder, self.sha256) for folder in (self.folder, self.reports)]
        if self.tag and self.repository.tag(self.tag) is not None and self._own_tag() is None:
            found.append(f"the Git tag {self.tag} is there and names another package")
        return [one for one in found if one]

    def publish(
        self, evidence: "dict[str, pd.DataFrame]", verdicts: list[dict[str, Any]]
    ) -> tuple[Artifact | None, dict[str, Any]]:
        """Archive, tag, and write the status page and the checklist, unless a rule blocks.

        Returns:
            The archive in the data set's reports, and the metadata entries; nothing when a rule blocks.

        Raises:
            dagster.Failure: something could not be written. The same run again continues.
        """
        if any(row["blocks"] for row in verdicts):
            return None, {}
        try:
            release = self._release()
            papers = Papers(self.voice, self.gate, self.ancestors, release, self._archived(release), evidence, verdicts)
            project_status.update(self.page, papers.status())
            checklist = papers.checklist()
            if not (self.reports / CHECKLIST).exists():  # after a push it says more
                files.write_text(self.reports / CHECKLIST, checklist)
        except (GitError, ReleaseError, project_status.StatusError, OSError) as error:
            raise dg.Failure(f"{self.voice.name} {self.version}: {error}", allow_retries=False) from error
        entries = {WHEN: release.released, HANDOVER: dg.MetadataValue.json([asdict(line) for line in papers.lines])}
        entries |= {TAG: papers.archived.tag.name, "commit": papers.archived.tag.commit} if papers.archived.tag else {}
        kept = recorded(project_store().add(self.folder))
        return project_store(self.voice.dataset).add(self.reports), {**entries, ARCHIVE: kept}

    def _release(self) -> Release:
        """What this version is; the time is that of its first run."""
        return Release(
            voice=self.voice.name,
            title=self.voice.title,
            version=self.version,
            epoch=self.package.partition or "",
            package=self.package.artifact("package").name,
            package_sha256=self.sha256,
            released=release_folder.released_at(self.folder) or utc_text(),
        )

    def _archived(self, release: Release) -> Archived:
        """Write both archives and the tag. What is there already stays."""
        release_folder.archive(self.folder, release, self.sources.files)
        release_folder.archive(self.reports, release, self.sources.files, like=self.folder)
        archived = Archived(self.folder, self.reports, self.page, self.sources, None)
        if not self.tag:
            return archived
        facts = {"epoch": release.epoch, "package": release.package, BY_PACKAGE: self.sha256}
        facts["archive-sha256"] = files.sha256(self.folder / sums.SUMS)
        made = self._own_tag() or self.repository.make(self.tag, message(self.voice.title, self.version, facts))
        return replace(archived, tag=made)
