"""``model.sig``: made with real keys by model-signing, kept, and refused when anything is not as it was signed."""

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from voice_assets.release.signing import KEY, PASSWORD, TOKEN, WAY, SignedBy, Signer, SigningError, Unsigned, check
from voice_assets.release.sums import SIGNATURE
from voice_assets.release.verification import verify_folder
from voice_assets.runtime.files import sha256
from voice_assets_tests.release.signed_packages import keys, package, rsa_key

pytestmark = pytest.mark.slow
MODEL = "en_US-joe-medium.onnx"


@pytest.fixture
def signed(tmp_path: Path) -> tuple[Path, Path]:
    """A signed package and the public key."""
    folder, (secret, public) = package(tmp_path), keys(tmp_path)
    Signer(secret).sign(folder, tmp_path / "kept")
    return folder, public


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_a_package_is_signed_and_the_key_is_named_as_sha256sum_names_its_file(tmp_path: Path, curve: ec.EllipticCurve) -> None:
    folder, (secret, public) = package(tmp_path), keys(tmp_path, curve=curve)
    wanted = SignedBy(sha256(public), checked=True)
    assert Signer(secret).sign(folder, tmp_path / "kept") == wanted
    assert check(folder, public) == wanted
    assert check(folder, None) == SignedBy(sha256(public), checked=False)
    assert str(wanted) == f"signed by the key with the SHA-256 {sha256(public)}"


def test_the_same_package_gets_the_same_signature_again_and_another_package_another(tmp_path: Path) -> None:
    secret, public = keys(tmp_path)
    signer = Signer.from_environment({KEY: str(secret)})
    folders = [package(tmp_path / "1"), package(tmp_path / "2"), package(tmp_path / "3", MODEL_CARD="# Other")]
    for folder in folders:
        signer.sign(folder, tmp_path / "kept")
    first, again, other = ((folder / SIGNATURE).read_bytes() for folder in folders)
    assert first == again != other
    assert sorted(tmp_path.glob("kept/*")) == sorted(
        tmp_path / "kept" / f"{sha256(folder / 'SHA256SUMS')}-{sha256(public)}.sig" for folder in folders[1:]
    )


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_kept_signature_that_is_damaged_is_made_again(
    signed: tuple[Path, Path], tmp_path: Path, damage: bytes | None
) -> None:
    folder, public = signed
    (kept,) = (tmp_path / "kept").iterdir()
    (tmp_path / "other").mkdir()
    secret, _ = keys(tmp_path / "other")
    if damage is None:  # another key's signature under this key's name
        Signer(secret).sign(folder, tmp_path / "other")
        shutil.copy(folder / SIGNATURE, kept)
    else:
        kept.write_bytes(damage)
    assert Signer(tmp_path / "signing.pem").sign(folder, tmp_path / "kept") == SignedBy(sha256(public), checked=True)
    assert check(folder, public) == SignedBy(sha256(public), checked=True)
    assert kept.read_bytes() == (folder / SIGNATURE).read_bytes()


def test_a_key_with_a_password(tmp_path: Path) -> None:
    folder, (secret, public) = package(tmp_path), keys(tmp_path, password="open sesame")
    signer = Signer.from_environment({KEY: str(secret), PASSWORD: "open sesame"})
    assert signer.sign(folder, tmp_path / "kept") == check(folder, public)
    for password in ("", "wrong"):
        with pytest.raises(SigningError, match=rf"signing\.pem: no private key \(PEM\) that opens with {PASSWORD}") as refused:
            Signer.from_environment({KEY: str(secret), PASSWORD: password})
        assert "sesame" not in str(refused.value)


def test_without_a_key_a_package_stays_unsigned_and_says_so(tmp_path: Path) -> None:
    folder = package(tmp_path)
    found = Signer.from_environment({}).sign(folder, tmp_path / "kept")
    assert str(found) == f"unsigned: neither {KEY} nor {WAY} is set"
    assert check(folder, None) == Unsigned("the package has no model.sig")
    assert not (folder / SIGNATURE).exists()
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({KEY: "{folder}/none.pem"}, r"none\.pem: No such file or directory; VOICE_ASSETS_SIGNING_KEY must be the path"),
        ({KEY: "{folder}/rsa.pem"}, r"rsa\.pem: not on the curve P-256, P-384 or P-521; make one: openssl ecparam"),
        ({KEY: "{folder}/koblitz.pem"}, r"koblitz\.pem: not on the curve P-256"),
        ({KEY: "{folder}/public.pub"}, r"public\.pub: no private key \(PEM\)"),
        ({WAY: "gpg"}, "VOICE_ASSETS_SIGNING is 'gpg'; write 'keyless', or unset it"),
        ({KEY: "{folder}/signing.pem", WAY: "keyless"}, "are both set; a package has one signature: unset one of them"),
    ],
)
def test_what_cannot_sign(tmp_path: Path, environment: dict[str, str], message: str) -> None:
    rsa_key(tmp_path)
    keys(tmp_path)
    keys(tmp_path, "koblitz", curve=ec.SECP256K1())
    keys(tmp_path, "public")
    with pytest.raises(SigningError, match=message):
        Signer.from_environment({name: value.format(folder=tmp_path) for name, value in environment.items()})


def test_keyless_without_an_identity_leaves_the_package_unsigned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "BUILDKITE", "GITLAB_CI", "CIRCLECI"):
        monkeypatch.delenv(name, raising=False)
    folder = package(tmp_path)
    found = Signer.from_environment({WAY: "keyless"}).sign(folder, tmp_path / "kept")
    assert isinstance(found, Unsigned)
    assert found.reason.startswith(f"this machine has no identity that Sigstore accepts; set {TOKEN}")
    assert not (folder / SIGNATURE).exists()


def test_a_token_that_is_none_is_not_shown(tmp_path: Path) -> None:
    folder = package(tmp_path)
    found = Signer.from_environment({WAY: "keyless", TOKEN: "secret-token"}).sign(folder, tmp_path / "kept")
    assert isinstance(found, Unsigned)
    assert found.reason.startswith("Sigstore did not sign: IdentityError")
    assert "secret-token" not in found.reason
    assert not (folder / SIGNATURE).exists()


def _change(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte": (lambda folder: _change(folder, MODEL, "a Model"), f"{MODEL} has other bytes than those signed"),
    "a file more": (lambda folder: _change(folder, "more.txt", ""), "more.txt was not signed"),
    "a file of Git": (lambda folder: _change(folder, ".git/config", "[core]"), ".git/config was not signed"),
    "a list for Git": (lambda folder: _change(folder, ".gitignore", "*"), ".gitignore was not signed"),
    "a file less": (lambda folder: (folder / "MODEL_CARD").unlink(), "MODEL_CARD was signed and is missing"),
    "the list of sums": (lambda folder: _change(folder, "SHA256SUMS", ""), "SHA256SUMS has other bytes than those signed"),
    "another name": (
        lambda folder: (folder / "MODEL_CARD").rename(folder / "model_card"),
        "model_card was not signed; MODEL_CARD was signed and is missing",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_after_the_signature_is_refused_with_the_file(signed: tuple[Path, Path], change: str) -> None:
    folder, public = signed
    make, message = CHANGES[change]
    make(folder)
    with pytest.raises(SigningError, match=f"model.sig: {message}"):
        check(folder, None)
    with pytest.raises(SigningError, match=message.split()[0]):
        check(folder, public)


def test_a_key_that_was_given_is_named_also_when_the_signature_names_none(signed: tuple[Path, Path]) -> None:
    folder, public = signed
    bundle = json.loads((folder / SIGNATURE).read_text())
    bundle["verificationMaterial"]["publicKey"].pop("hint")
    (folder / SIGNATURE).write_text(json.dumps(bundle))
    assert check(folder, public) == SignedBy(sha256(public), checked=True)
    unknown = check(folder, None)
    assert unknown == SignedBy("", checked=False)
    assert str(unknown).startswith("signed by a key that the signature does not name; nobody compared")


@pytest.mark.parametrize("kind", ["certificate", "x509CertificateChain"])
def test_a_signature_with_a_certificate_says_how_to_ask_sigstore(signed: tuple[Path, Path], kind: str) -> None:
    folder, _ = signed
    bundle = json.loads((folder / SIGNATURE).read_text())
    bundle["verificationMaterial"] = {kind: {}}
    (folder / SIGNATURE).write_text(json.dumps(bundle))
    (said,) = next(one for one in verify_folder(folder, speak=False).checks if one.name == "signature").warnings
    assert str(check(folder, None)).startswith("signed by an identity at Sigstore; nobody compared")
    assert (
        "model_signing verify sigstore . --signature model.sig --no-ignore-git-paths --identity WHO --identity_provider" in said
    )


def test_another_key_is_refused(signed: tuple[Path, Path], tmp_path: Path) -> None:
    folder, _ = signed
    _, other = keys(tmp_path, "other")
    with pytest.raises(SigningError, match=r"model\.sig: does not count with .*other\.pub: ValueError: Key mismatch"):
        check(folder, other)


def test_a_signature_of_another_package_is_refused(signed: tuple[Path, Path], tmp_path: Path) -> None:
    folder, public = signed
    other = package(tmp_path / "other", MODEL_CARD="# Other")
    shutil.copy(folder / SIGNATURE, other)
    with pytest.raises(SigningError, match="MODEL_CARD has other bytes than those signed; SHA256SUMS has"):
        check(other, None)
    with pytest.raises(SigningError, match="MODEL_CARD"):
        check(other, public)


def test_a_list_of_files_that_nobody_signed_is_refused_by_the_key(signed: tuple[Path, Path], tmp_path: Path) -> None:
    """Who changes a file and the list in ``model.sig`` gets past the hashes, and not past the key."""
    folder, public = signed
    _change(folder, "MODEL_CARD", "# Other")
    bundle = json.loads((folder / SIGNATURE).read_text())
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    for one in statement["predicate"]["resources"]:
        one["digest"] = sha256(folder / one["name"])
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    (folder / SIGNATURE).write_text(json.dumps(bundle))
    assert check(folder, None) == SignedBy(sha256(public), checked=False)
    with pytest.raises(SigningError, match=r"model\.sig: not signed by .*signing\.pub, or changed since"):
        check(folder, public)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no JSON object"),
        ("{}", "no model-signing signature: KeyError"),
        ('{"dsseEnvelope": {"payload": "@"}}', "no model-signing signature"),
        ('{"dsseEnvelope": {"payload": "W10="}}', "no model-signing signature: TypeError"),
        ('{"dsseEnvelope": {"payload": 5}}', "no model-signing signature"),
    ],
)
def test_a_file_that_is_no_signature_is_refused(signed: tuple[Path, Path], text: str, message: str) -> None:
    folder, public = signed
    (folder / SIGNATURE).write_text(text)
    with pytest.raises(SigningError, match=rf"model\.sig: {message}"):
        check(folder, None)
    with pytest.raises(SigningError, match=r"model\.sig: "):
        check(folder, public)


def test_a_file_that_is_no_public_key_is_refused_with_its_name(signed: tuple[Path, Path], tmp_path: Path) -> None:
    folder, _ = signed
    for file in (tmp_path / "none.pub", tmp_path / "signing.pem"):
        with pytest.raises(SigningError, match=rf"{file.name}: no public key that model-signing can use"):
            check(folder, file)
