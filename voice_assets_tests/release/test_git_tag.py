"""Tags in real repositories: made once, on HEAD, with a message; never moved; pushed only when asked."""

import os
from pathlib import Path

import pytest

from voice_assets.release.git_tag import GitError, Repository
from voice_assets_tests.release.repositories import committed, git, remote_of

NAME, MESSAGE = "v1.0.0-toy", "Toy 1.0.0\n\npackage-sha256: abc\n# not a comment"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    folder = tmp_path / "project"
    (folder / "voices").mkdir(parents=True)
    (folder / "voices" / "toy.yaml").write_text("title: Toy\n", encoding="utf-8")
    return committed(folder)


def refusal(project: Path, committed: Path | None = None, own: Path | None = None) -> str:
    with pytest.raises(GitError) as caught:
        Repository(project).require_ready([committed or project / "voices" / "toy.yaml"], [] if own is None else [own])
    return str(caught.value)


def test_a_clean_repository_is_ready(project: Path) -> None:
    (project / "notes.txt").write_text("not tracked", encoding="utf-8")
    Repository(project).require_ready([project / "voices" / "toy.yaml"])


def test_the_tag_is_annotated_and_on_head_with_the_whole_message(project: Path) -> None:
    repository = Repository(project)
    assert repository.tag(NAME) is None
    made = repository.make(NAME, MESSAGE)
    assert made == repository.tag(NAME)
    assert (made.name, made.commit, made.message) == (NAME, git(project, "rev-parse", "HEAD"), MESSAGE)
    assert git(project, "cat-file", "-t", NAME) == "tag"


def test_a_tag_never_moves(project: Path) -> None:
    repository = Repository(project)
    first = repository.make(NAME, MESSAGE)
    git(project, "commit", "--quiet", "--allow-empty", "--message", "later")
    with pytest.raises(GitError, match=r"git made no tag v1.0.0-toy: .*already exists"):
        repository.make(NAME, "another")
    assert repository.tag(NAME) == first


def test_a_lightweight_tag_of_somebody_has_no_message(project: Path) -> None:
    git(project, "tag", NAME)
    found = Repository(project).tag(NAME)
    assert found is not None
    assert (found.commit, found.message) == (git(project, "rev-parse", "HEAD"), "")


def test_a_changed_file_is_named(project: Path) -> None:
    (project / "voices" / "toy.yaml").write_text("title: Other\n", encoding="utf-8")
    assert "voices/toy.yaml: changed and not committed" in refusal(project)
    git(project, "add", "--all")
    assert "voices/toy.yaml: changed and not committed" in refusal(project)


def test_a_deleted_file_with_a_strange_name_is_named(project: Path) -> None:
    strange = project / "Ёж и\tтаб.txt"
    strange.write_text("x", encoding="utf-8")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "strange")
    strange.unlink()
    assert "Ёж и\tтаб.txt: changed" in refusal(project)


def test_the_status_page_may_be_changed(project: Path) -> None:
    page = project / "PROJECT_STATUS.md"
    page.write_text("one", encoding="utf-8")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "page")
    page.write_text("two", encoding="utf-8")
    assert "PROJECT_STATUS.md" in refusal(project)
    Repository(project).require_ready([], [page])


def test_a_voice_file_that_git_does_not_hold_is_refused(project: Path) -> None:
    other = project / "voices" / "other.yaml"
    other.write_text("title: Other\n", encoding="utf-8")
    assert f"{other}: is not in the Git repository" in refusal(project, other)


def test_no_repository_no_commit_no_person_no_git(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (bare := tmp_path / "no repository").mkdir()
    assert "is in no Git repository that can be tagged" in refusal(bare)
    assert "--no-tag" in refusal(bare)
    (empty := tmp_path / "empty").mkdir()
    git(empty, "init", "--quiet")
    assert "this repository has no commit" in refusal(empty)
    git(project, "config", "--unset", "user.name")
    git(project, "config", "--unset", "user.email")
    git(project, "config", "user.useConfigOnly", "true")
    assert "git config user.name" in refusal(project)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "there is no git on this machine" in refusal(project)


def test_the_repository_of_a_hook_is_not_the_one(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = committed(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    Repository(project).make(NAME, MESSAGE)
    monkeypatch.delenv("GIT_DIR")
    assert git(other, "tag") == ""
    assert git(project, "tag") == NAME


def test_a_push_takes_the_tag_alone_and_can_be_repeated(project: Path, tmp_path: Path) -> None:
    remote = remote_of(project, tmp_path / "remote.git")
    repository = Repository(project)
    tag = repository.make(NAME, MESSAGE)
    assert git(remote, "tag") == ""
    assert repository.push(NAME) == repository.push(NAME) == str(remote)
    assert git(remote, "rev-parse", f"{NAME}^{{commit}}") == tag.commit
    assert git(remote, "for-each-ref", "refs/heads") == ""


def test_a_remote_with_another_tag_of_that_name_keeps_it(project: Path, tmp_path: Path) -> None:
    remote = remote_of(project, tmp_path / "remote.git")
    git(project, "tag", NAME)
    git(project, "push", "--quiet", "origin", NAME)
    theirs = git(remote, "rev-parse", NAME)
    git(project, "tag", "--delete", NAME)
    Repository(project).make(NAME, MESSAGE)
    with pytest.raises(GitError, match=r"did not take the tag v1.0.0-toy: .*already exists"):
        Repository(project).push(NAME)
    assert git(remote, "rev-parse", NAME) == theirs


@pytest.mark.parametrize("password", ["secret", "p@secret"])
def test_a_login_is_never_shown(project: Path, password: str) -> None:
    git(project, "remote", "add", "origin", f"http://anna:{password}@127.0.0.1:9/voices.git")
    with pytest.raises(GitError) as caught:
        Repository(project).push(Repository(project).make(NAME, MESSAGE).name)
    assert str(caught.value).startswith("http://127.0.0.1:9/voices.git did not take the tag v1.0.0-toy: ")
    assert "secret" not in str(caught.value)


def test_ssh_has_no_terminal_to_ask_at(project: Path, tmp_path: Path) -> None:
    """A session of its own has no terminal, so that ssh asks nobody for the password of a key and does not wait."""
    git(project, "remote", "add", "origin", "ssh://127.0.0.1/voices.git")
    asked = tmp_path / "session"
    git(project, "config", "core.sshCommand", f"python3 -c 'import os; print(os.getsid(0))' > '{asked}'; false")
    with pytest.raises(GitError, match="did not take the tag"):
        Repository(project).push(Repository(project).make(NAME, MESSAGE).name)
    assert int(asked.read_text(encoding="utf-8")) != os.getsid(0)


def test_without_a_remote_the_message_says_how_to_add_one(project: Path) -> None:
    with pytest.raises(GitError, match="Git knows no remote 'origin', it knows none; add one: git remote add origin"):
        Repository(project).push(NAME)
