"""One version of a release: what its rules judge, and what is written when they pass. Values come from the records.

Not here: the asset (``defs.releases``), and how each part is written (``release.release_folder``, ``git_tag``,
``project_status``, ``handover``).
"""

from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.defs.client_speech import heard_clients
from voice_assets.defs.release_papers import Archived, Papers
from voice_assets.defs.release_sources import Sources, changed_clips, sources_of, unnamed
from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.lineage import ancestry
from voice_assets.orchestration.marks import ARCHIVE, RELEASED
from voice_assets.orchestration.records import Materialisation
from voice_assets.orchestration.released import released
from voice_assets.orchestration.results import one_row, opened, recorded
from voice_assets.release import project_status, release_folder
from voice_assets.release.git_tag import GitError, Repository, Tag, message, says, value_of
from voice_assets.release.release_folder import CHECKLIST, Release, ReleaseError
from voice_assets.release.sums import SUMS
from voice_assets.release.versions import VersionError, require_version, tag_name
from voice_assets.runtime import files, project
from voice_assets.runtime.contents import there
from voice_assets.runtime.locks import LockError
from voice_assets.runtime.stamps import utc_text
from voice_assets.runtime.storage import Artifact, project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd

NAME = "release"
WHEN, HANDOVER, TAG, COMMIT = "released_at", "handover", "tag", "commit"
"""The metadata entries of a release: when, the lines of the checklist, the tag and its commit."""
SIGNED_BY, WARNINGS = "signed_by", "package_warnings"
"""The facts, and metadata entries: who signed the package, and what a person should know who verified it."""
SIGNATURE = "signature"
"""The metadata entry of a package: who signed it. The zip alone vouches for nobody: anybody can sign it."""
LOCK = "project_status.lock"
"""The lock file of the status page, beside the instance's own files."""
BY_PACKAGE, BY_SUMS = "package-sha256", "archive-sha256"
"""The lines of a tag's message that say which package was released, and the hash of the archive's SHA256SUMS."""


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
        self.tag, self.tagged = tag_name(self.version, voice.name), tagged
        self.sha256 = package.artifact("package").sha256
        self.folder = project.artifacts_dir(voice.name) / "releases" / self.version
        self.reports = voice.reports_dir / f"release_{self.version}"
        self.page = project.root() / project_status.FILE
        self.repository = Repository(project.root())

    def require_possible(self, asked: str) -> None:
        """Return when nothing stands in the way that is no rule. Takes moments, and changes nothing.

        Args:
            asked: the epoch that a person asked for; empty for the newest package.

        Raises:
            dagster.Failure: the version was released from another package, or something else has it; Git cannot tag; the status
                page cannot be updated.
        """
        try:
            self._require_same(asked)
            if conflicts := "; ".join(self._conflicts()):
                raise ReleaseError(f"{conflicts}; a version is never overwritten: choose another version, or put that right")
            if self.tagged and self._own_tag() is None:
                self.repository.require_ready([self.voice.file], [self.page])
            project_status.require_updatable(self.page, self.voice.name)
        except (GitError, ReleaseError, project_status.StatusError, OSError) as error:
            raise dg.Failure(f"{self.voice.name} {self.version}: {error}", allow_retries=False) from error

    @cached_property
    def sources(self) -> Sources:
        """The files to archive: those of an archive that is there, else today's."""
        kept = (release_folder.files_of(folder, self.sha256) for folder in (self.folder, self.reports))
        found = next(filter(None, kept), None)
        return sources_of(self.voice, self.package, self.ancestors) if found is None else Sources(found, [])

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

    def _tag_there(self) -> Tag | None:
        """The tag of this name. A release that makes no tag needs no Git."""
        try:
            return self.repository.tag(self.tag)
        except GitError:
            if self.tagged:
                raise
            return None

    def _own_tag(self) -> Tag | None:
        """The tag of this release, where it is there already."""
        found = self._tag_there()
        return found if found is not None and says(found, BY_PACKAGE, self.sha256) else None

    def evidence(self) -> "dict[str, pd.DataFrame]":
        """The tables of the suite: ``facts`` and ``clients``."""
        from voice_assets.release.clients.speaking import CLIENTS

        out = project.artifacts_dir(self.voice.name) / NAME / self.version / self.context.run_id
        clients = heard_clients(self.context, self.voice, opened(self.package, "archive"), out)
        facts = {**self._facts(), "clients_missing": len(set(CLIENTS) - set(clients["client"]))}
        facts[WARNINGS] = [*facts[WARNINGS], *changed_clips(self.voice, self.ancestors)]
        return {"facts": one_row(facts), "clients": clients}

    def _facts(self) -> dict[str, Any]:
        """What the rules judge besides the clients. Lists become text."""
        problems, warnings = self._verified()
        licences, credited = unnamed(self.voice, self.ancestors)
        conflicts = self._conflicts()
        return {
            "package_problems": len(problems),
            "problems": problems,
            WARNINGS: warnings,
            SIGNED_BY: str(self.package.metadata.get(SIGNATURE, "")),
            "licences_missing": len(licences),
            "credits_missing": len(credited),
            "unnamed": [*licences, *credited],
            "version_conflicts": len(conflicts),
            "conflicts": conflicts,
            "not_archived": len(self.sources.lacking),
            "lacking": list(self.sources.lacking),
        }

    def _verified(self) -> tuple[list[str], list[str]]:
        """The problems and warnings of `voice-assets verify` on the zip that is shipped."""
        from voice_assets.release.sums import PackageError
        from voice_assets.release.verification import verify

        try:
            found = verify(opened(self.package, "archive"))
        except PackageError as error:
            return [str(error)], []
        return found.problems, found.warnings

    def _conflicts(self) -> list[str]:
        """What has this version already, and is not this release."""
        found = [release_folder.conflict(folder, self.sha256) for folder in (self.folder, self.reports)]
        return [one for one in (*found, self._shared_conflict(), self._tag_conflict()) if one]

    def _shared_conflict(self) -> str:
        """Why the archive in the store is not that of this package, where the store is shared with other machines; or empty."""
        store = project_store()
        uri = store.uri(self.folder)
        record = f"{uri}/{release_folder.RECORD}"
        if not there(store.at(record)):
            return ""
        return release_folder.another_package(store.at(uri), store.local(record), self.sha256)

    def _tag_conflict(self) -> str:
        """Why the tag of this name is not the tag of this release; empty when it is, or when there is none."""
        found, before = self._tag_there(), self._recorded_tag()
        if found is None:
            return ""
        if self._own_tag() is None:
            return f"the Git tag {self.tag} is there and names another package"
        if before is not None and found.commit != before.commit:
            return f"the Git tag {self.tag} is on {found.commit}, and the release made it on {before.commit}"
        return ""

    def publish(
        self, evidence: "dict[str, pd.DataFrame]", verdicts: list[dict[str, Any]]
    ) -> tuple[Artifact | None, dict[str, Any]]:
        """Archive, tag, and write the status page and the checklist, unless a rule blocks.

        Returns:
            The archive in the data set's reports, and the metadata entries; nothing when a rule blocks.

        Raises:
            dagster.Failure: something could not be written, and the same run again continues; or a rule blocks a version that
                is released, which then stays as it was.
        """
        if blocking := [f"{row['rule']}: {row['message']}" for row in verdicts if row["blocks"]]:
            self._require_not_released(blocking)
            return None, {}
        try:
            release = self._release()
            shown = [one for one in self.ancestors if self.gate.graph.has(one.key)]  # the voice may have lost assets since
            papers = Papers(self.voice, self.gate, shown, release, self._archived(release), evidence, verdicts)
            if not self._superseded():
                project_status.update(self.page, papers.status(), project.dagster_home() / LOCK)
            checklist = papers.checklist()
            if not (self.reports / CHECKLIST).exists():  # after a push it says more
                files.write_text(self.reports / CHECKLIST, checklist)
        except (GitError, ReleaseError, project_status.StatusError, LockError, OSError) as error:
            raise dg.Failure(f"{self.voice.name} {self.version}: {error}", allow_retries=False) from error
        entries = {WHEN: release.released, HANDOVER: dg.MetadataValue.json([asdict(line) for line in papers.lines])}
        entries |= {TAG: papers.archived.tag.name, COMMIT: papers.archived.tag.commit} if papers.archived.tag else {}
        kept = recorded(project_store().add(self.folder))
        return project_store(self.voice).add(self.reports), {**entries, ARCHIVE: kept}

    def _superseded(self) -> bool:
        """Whether this version was released before, and another one later: the status page is about the later one."""
        if self.before is None:
            return False
        made = (one for one in self.gate.history.all(self.context.asset_key) if one.metadata.get(RELEASED))
        return any(one.metadata[WHEN] > self.before.metadata[WHEN] for one in made)

    def _require_not_released(self, blocking: list[str]) -> None:
        if self.before is not None:
            said = "\n".join(f"  - {one}" for one in blocking)
            raise dg.Failure(
                f"{self.voice.name} {self.version} was released at {self.before.metadata[WHEN]} and stays as it was. Rules "
                f"that block today:\n{said}\nCorrect what is listed or waive the rules, and run the same command again",
                allow_retries=False,
            )

    def _release(self) -> Release:
        """What this version is; the time is that of its first run."""
        recorded = "" if self.before is None else self.before.metadata[WHEN]
        archived = (release_folder.released_at(folder) for folder in (self.folder, self.reports))
        return Release(
            voice=self.voice.name,
            title=self.voice.title,
            version=self.version,
            epoch=self.package.partition or "",
            package=self.package.artifact("package").name,
            package_sha256=self.sha256,
            released=recorded or next(filter(None, archived), utc_text()),
        )

    def _archived(self, release: Release) -> Archived:
        """Write both archives and the tag. What is there already stays; of one that is lost, the other one is the source."""
        tag = self._own_tag()
        sums = "" if tag is None else value_of(tag, BY_SUMS)
        for folder, other in ((self.folder, self.reports), (self.reports, self.folder)):
            release_folder.archive(folder, release, self.sources.files, other, sums)
        return Archived(self.folder, self.reports, self.page, self.sources, self._tagged(release))

    def _tagged(self, release: Release) -> Tag | None:
        """The tag, made on the recorded commit where it was lost. Without a tag in this run, the recorded one."""
        before = self._recorded_tag()
        if not self.tagged:
            return before
        facts = {"epoch": release.epoch, "package": release.package, BY_PACKAGE: self.sha256}
        facts[BY_SUMS] = files.sha256(self.folder / SUMS)
        words = message(self.voice.title, self.version, facts)
        return self._own_tag() or self.repository.make(self.tag, words, "HEAD" if before is None else before.commit)

    def _recorded_tag(self) -> Tag | None:
        """The tag as this version was released with it; None when it was not."""
        said = {} if self.before is None else self.before.metadata
        return Tag(said[TAG], said[COMMIT], "") if said.get(TAG) else None
