"""What a release of a finished voice must hold: the archive, the checklist, and verdicts that are all in force."""

from voice_assets_tests.defs.finished_voice import run_cli
from voice_assets_tests.toy_project import HERE, ToyProject

CLIENTS = HERE / ".cache" / "clients"
"""The environment of the programs that speak a package. It takes pip a minute to make, so the tests share it."""
MISSING = ["People heard the samples", "People heard the samples of the epoch", "Release tagged in Git", "Tag pushed"]
"""The lines of the checklist without evidence: this voice asks nobody to listen, and its project is in no Git repository."""


def expect_release(toy: ToyProject, epoch: str) -> None:
    """Release the package of ``epoch`` as version 1.0.0."""
    CLIENTS.mkdir(parents=True, exist_ok=True)
    (toy.root / ".cache" / "clients").symlink_to(CLIENTS)
    done = run_cli("release", "toy", "--version", "1.0.0", "--no-tag")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"toy 1.0.0 from {epoch}: released" in done.stdout
    release = toy.latest("release", "1.0.0")
    assert toy.gate().verdicts(release) == []
    archive = toy.store.local(release.artifact("archive").uri)
    assert [path.suffix for path in (archive / "checkpoint").iterdir()] == [".ckpt"]
    assert (archive / "logs" / "training" / "train.log").is_file()
    checklist = (toy.dataset / "reports" / "release_1.0.0" / "HANDOVER.md").read_text(encoding="utf-8")
    assert [line.split(" | ")[1] for line in checklist.splitlines() if line.startswith("| missing |")] == MISSING
