"""Verifying a package that may come from anywhere, with or without the key of who signed it.

Belongs here: all checks in order, and their result. Does not belong here: the checks themselves (``release.checked_voice``,
``release.checked_evidence``, ``release.signing``), and opening the package (``release.opened``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from voice_assets.release import checked_evidence, checked_voice
from voice_assets.release.checked import Check, checked
from voice_assets.release.names import clash, name_fault
from voice_assets.release.opened import opened_package
from voice_assets.release.package import required
from voice_assets.release.package_files import PackageFiles
from voice_assets.release.signing import SignedBy, SigningError, check
from voice_assets.release.speaking import why_silent
from voice_assets.release.sums import SIGNATURE, SUMS, PackageError, read_sums

LONGEST_SENTENCE = 300
NOT_COMPARED = "anybody may have signed; give the signer's public key with --key"
NOT_ASKED = (
    "nobody asked Sigstore; in the package: model_signing verify sigstore . --signature model.sig --no-ignore-git-paths "
    "--identity WHO --identity_provider ISSUER"
)
NOBODY = "anybody may have changed the package and its checksums together"


@dataclass(frozen=True)
class Verification:
    """The result of verifying a package.

    Attributes:
        name: of the voice; of the folder where the voice has none.
        checks: every check, in order.
        signed_by: whose key signed, in words; empty without a signature that was compared with the signer's key.
    """

    name: str
    checks: tuple[Check, ...]
    signed_by: str

    @property
    def problems(self) -> list[str]:
        """Why the package is refused; each begins with the name of a file. Empty when it is whole."""
        return [problem for check in self.checks for problem in check.problems]

    @property
    def warnings(self) -> list[str]:
        """What a person should know, and what refuses nothing."""
        return [warning for check in self.checks for warning in check.warnings]

    def count(self, name: str) -> int:
        """The number of problems that the check ``name`` found."""
        return sum(len(check.problems) for check in self.checks if check.name == name)

    def facts(self) -> dict[str, int | str]:
        """What the rules of ``voice_package`` judge.

        ``missing_files``, ``checksum_mismatches``, ``versions_mismatched``: files. ``contradictions``: what the files of the
        package say differently from each other. ``speaks``: 1 when the voice spoke. ``problems``: all of it in words.
        """
        files = {name: self.count(name) for name in ("files", "checksums", "versions", "speech")}
        return {
            "missing_files": files["files"],
            "checksum_mismatches": files["checksums"],
            "versions_mismatched": files["versions"],
            "contradictions": len(self.problems) - sum(files.values()),
            "speaks": int(any(check.name == "speech" and not check.problems + check.warnings for check in self.checks)),
            "problems": "; ".join(self.problems),
        }


def verify(package: Path, key: Path | None = None, *, speak: bool = True) -> Verification:
    """Verify a package: a folder, or the zip of one.

    Args:
        package: the folder or the zip.
        key: the public key of the signer, PEM; without a key the signature is compared with the files only.
        speak: let the voice speak; without, the model is read and not run, and a warning says so.

    Raises:
        PackageError: it is no package that can be opened at all, or a hostile one. The message names the file and the rule.
    """
    with opened_package(package) as folder:
        return verify_folder(folder, key, speak=speak)


def verify_folder(
    folder: Path,
    key: Path | None = None,
    *,
    passed: Mapping[str, str] | None = None,
    sentence: str = "",
    speak: bool = True,
) -> Verification:
    """Verify the package in ``folder``, which this program built or opened.

    Args:
        folder: the folder of the package.
        key: as in ``verify``.
        passed: file -> SHA-256 of the versions that passed the rules, where the caller knows them.
        sentence: the text to speak; by default the text of the first sample.
        speak: as in ``verify``.

    Raises:
        OSError: a file cannot be read.
    """
    files = PackageFiles.of(folder)
    name = checked("name", lambda: Check("name", files.name), "", folder)
    if name.problems:
        return Verification(folder.name, (name,), "")
    said = passed or {}

    def run(name: str, check: Callable[..., Check | list[str]], *arguments: Any, found: str = "") -> Check:
        return checked(name, partial(check, files, *arguments), found, folder)

    changed = run("checksums", _changed, found=f"SHA-256 of {len(files.listed)} files in {SUMS}")
    voice = run("voice", checked_voice.voice_problems, found="model and config")
    signature = run("signature", _signature, key)
    refused = [check.name for check in (changed, voice, signature) if check.problems]
    checks = [
        run("files", _missing, said, found=f"{len(files.digests)} files"),
        changed,
        run("names", _names, found="every file system can hold them"),
        *([run("versions", _others, said, found=f"{len(said)} files as they passed")] if passed else []),
        voice,
        run("players", checked_voice.player_problems, found="tokens.txt and voices.json are those of the voice"),
        run("lineage", checked_evidence.lineage_problems, found="whole, of this voice, no gate closed"),
        run("statements", checked_evidence.statement_problems, found="as the lineage says"),
        run("provenance", checked_evidence.provenance_problems, found="as lineage and settings say"),
        run("data set", checked_evidence.dataset_problems, found="in Croissant, that of the lineage"),
        run("licence", checked_evidence.licence_check),
        run("samples", checked_voice.sample_problems, found="WAV and FLAC of every sample"),
        signature,
        run("speech", _speech, sentence, speak, refused),
    ]
    vouched = not signature.problems and not signature.warnings
    return Verification(files.name, tuple(checks), signature.found if vouched else "")


def _names(files: PackageFiles) -> list[str]:
    """The names that the zip of the package could not hold, or not beside the others."""
    faults = {name: name_fault(f"{files.name}/{name}") for name in files.digests}
    together = clash(files.digests)
    problems = [f"{name}: {fault}; rename the file, and make the package again" for name, fault in faults.items() if fault]
    return problems + ([f"{together}; rename one, and make the package again"] if together else [])


def _missing(files: PackageFiles, passed: Mapping[str, str]) -> list[str]:
    wanted = {*required(files.name), *read_sums(files.folder), *passed}
    return [f"{name}: missing" for name in sorted(wanted - files.digests.keys())]


def _changed(files: PackageFiles) -> list[str]:
    sums = read_sums(files.folder)
    return [
        f"{name}: {'other bytes than' if name in sums else 'not'} listed in {SUMS}"
        for name, digest in files.listed.items()
        if sums.get(name) != digest
    ]


def _others(files: PackageFiles, passed: Mapping[str, str]) -> list[str]:
    return [f"{name}: not the version that passed" for name, digest in passed.items() if files.digests.get(name) != digest]


def _signature(files: PackageFiles, key: Path | None) -> Check:
    """Whether the package is signed, and by whom. An unsigned package is a warning, and with a ``key`` it is refused."""
    try:
        signed = check(files.folder, key)
    except SigningError as error:
        raise PackageError(str(error)) from error
    if isinstance(signed, SignedBy):
        warning = f"{SIGNATURE}: {NOT_ASKED if signed.identity else NOT_COMPARED}"
        return Check("signature", str(signed), warnings=() if signed.checked else (warning,))
    if key is not None:
        raise PackageError(f"{SIGNATURE}: {signed}")
    return Check("signature", "none", warnings=(f"{SIGNATURE}: {signed}; {NOBODY}",))


def _speech(files: PackageFiles, sentence: str, speak: bool, refused: Sequence[str]) -> Check:
    text = sentence or checked_voice.samples_of(files)[0]["text"][:LONGEST_SENTENCE]
    model, config = (files.path(f"{files.name}{ending}") for ending in (".onnx", ".onnx.json"))
    if not speak:
        return Check("speech", "not tried", warnings=(f"{model.name}: whether the voice speaks was not tried",))
    if refused:
        return Check("speech", problems=(f"{model.name}: not tried to speak: refused by {', '.join(refused)}",))
    if silent := why_silent(model, config, text):
        return Check("speech", problems=(f"{model.name}: does not speak: {silent}",))
    return Check("speech", f"Piper speaks {text!r}")
