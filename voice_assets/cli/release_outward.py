"""What leaves this machine with a release, and only on request: the Git tag, and the upload of the archive."""

from voice_assets.cli.bars import counting
from voice_assets.cli.errors import CommandError
from voice_assets.cli.terminal import console
from voice_assets.defs.release_draft import BY_PACKAGE, COMMIT, HANDOVER, TAG
from voice_assets.orchestration.marks import ARCHIVE
from voice_assets.orchestration.records import Materialisation
from voice_assets.release.git_tag import GitError, Repository, says
from voice_assets.release.handover import Line, checklist, pushed
from voice_assets.release.release_folder import CHECKLIST
from voice_assets.release.upload import MEGABYTE, upload
from voice_assets.runtime import files, project
from voice_assets.runtime.plain_text import plain
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice


def push_tag(voice: Voice, made: Materialisation, remote: str) -> None:
    """Push the tag of a release, and write where to into the hand-over checklist.

    Raises:
        CommandError: the release has no tag, or the tag is not as the release recorded it.
        GitError: there is no such remote, or the remote did not take the tag.
    """
    tag = made.metadata.get(TAG)
    if not tag:
        raise CommandError(f"{voice.name} {made.partition} was released without a Git tag, so there is nothing to push")
    repository = Repository(project.root())
    if problem := _tag_problem(repository, made):
        raise CommandError(f"nothing was pushed: {problem}")
    address = repository.push(tag, remote)
    lines = pushed([Line(**line) for line in made.metadata[HANDOVER]], f"{tag} to {address}")
    page = voice.reports_dir / f"release_{made.partition}" / CHECKLIST
    if page.parent.is_dir():  # the voice may have another data set today
        files.write_text(page, checklist(voice.title, str(made.partition), lines))
    _print(f"  pushed: {tag} to {address}")


def tag_warning(made: Materialisation) -> str:
    """Why the tag of a release is not as the release recorded it; empty when it is, or when the release made none."""
    try:
        return _tag_problem(Repository(project.root()), made) if made.metadata.get(TAG) else ""
    except GitError as error:
        return f"the Git tag {made.metadata[TAG]} cannot be looked up: {error}"


def _tag_problem(repository: Repository, made: Materialisation) -> str:
    """Why the tag is not on the recorded commit or names another package, and what to do; empty when it is right."""
    tag, commit, line = made.metadata[TAG], made.metadata[COMMIT], f"{BY_PACKAGE}: {made.data_version}"
    found = repository.tag(tag)
    if found is None:
        problem = "is gone"
    elif found.commit != commit:
        problem = f"is on {found.commit}"
    elif not says(found, BY_PACKAGE, made.data_version):
        problem = "names another package"
    else:
        return ""
    delete = "" if found is None else f"git tag --delete {tag}; "
    return (
        f"the Git tag {tag} {problem}; the release made it on {commit} with the line '{line}'. Fetch the tag from where it is "
        f'right, or make it again: {delete}git tag --annotate --message "{line}" {tag} {commit}'
    )


def upload_archive(voice: Voice, made: Materialisation, url: str) -> None:
    """Upload the archive to ``<url>/<voice>/<version>/``, and read every byte back.

    Raises:
        UploadError: another file is there, or other bytes came back.
        RemoteError: the file system cannot be reached or refuses.
    """
    folder = project_store(voice).open(made.artifact(ARCHIVE))
    name = f"{voice.name}/{made.partition}"
    with counting("MB") as tell:
        sent = upload({name: folder}, url, lambda at: tell(at.done // MEGABYTE, at.size // MEGABYTE))
    new = sum(one.sent > 0 for one in sent.values())
    size = sum(one.bytes for one in sent.values()) / MEGABYTE
    _print(f"  uploaded: {len(sent)} files, {size:,.1f} MB, {new} of them sent by this call: {url.rstrip('/')}/{name}/")


def _print(text: str) -> None:
    console().print(plain(text), soft_wrap=True, markup=False, highlight=False)
