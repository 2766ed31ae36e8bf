"""The signature of a package, ``model.sig``: an OpenSSF model-signing bundle over every other file.

The user's own key signs (`KEY`), or an identity that Sigstore vouches for (`WAY` = ``keyless``). Without both, a package stays
unsigned, and whoever verifies it is told so. An ECDSA signature differs every time, so the signature of the same files by the
same key is kept and used again: a package that is made twice has the same bytes.

Does not belong here: the other checks of a package (``release.verification``).
"""

import base64
import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voice_assets.release.sums import SIGNATURE, SUMS
from voice_assets.runtime import files, strict_json

KEY, PASSWORD = "VOICE_ASSETS_SIGNING_KEY", "VOICE_ASSETS_SIGNING_PASSWORD"
"""Environment: the path of a private key (PEM, elliptic curve), and the password where the key has one."""
WAY, KEYLESS = "VOICE_ASSETS_SIGNING", "keyless"
"""Environment: ``VOICE_ASSETS_SIGNING=keyless`` signs through Sigstore, with the identity of whoever runs this."""
TOKEN = "SIGSTORE_IDENTITY_TOKEN"
"""Environment: an OpenID Connect token for ``keyless``; without it, Sigstore looks for one itself, as in GitHub Actions."""


class SigningError(ValueError):
    """A key that cannot sign, or a signature that does not fit the package. The message names the file and what to do."""


@dataclass(frozen=True)
class SignedBy:
    """A signature that fits the files of its package.

    Attributes:
        key: the SHA-256 of the public key's PEM text, as ``sha256sum`` prints it for the file: of the key that was given, else
            of the key that the signature names; empty when it names none.
        checked: the key was given and fits. Without a key, anybody may have signed.
        identity: the signature has a certificate, which Sigstore gives to an identity, in the place of a key.
    """

    key: str
    checked: bool
    identity: bool = False

    def __str__(self) -> str:
        who = f"the key with the SHA-256 {self.key}" if self.key else "a key that the signature does not name"
        who = "an identity at Sigstore" if self.identity else who
        return f"signed by {who}" + ("" if self.checked else "; nobody compared that with a key or an identity")


@dataclass(frozen=True)
class Unsigned:
    """No signature, and why."""

    reason: str

    def __str__(self) -> str:
        return f"unsigned: {self.reason}"


class Signer:
    """Signs packages with a key, or keyless, or not at all."""

    def __init__(self, key: Path | None = None, password: str = "", keyless: bool = False, token: str = ""):
        """Describe the signer, and read the key.

        Raises:
            SigningError: the key cannot be read, or has no curve that model-signing knows.
        """
        self._key, self._password, self._keyless, self._token = key, password, keyless, token
        self._public = _public_key(key, password) if key is not None else b""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Signer":
        """The signer that the environment asks for.

        Raises:
            SigningError: as the constructor; or the environment asks for two signatures, or for an unknown one.
        """
        key, way = environment.get(KEY, ""), environment.get(WAY, "")
        if way not in ("", KEYLESS):
            raise SigningError(f"{WAY} is {way!r}; write {KEYLESS!r}, or unset it")
        if key and way:
            raise SigningError(f"{KEY} and {WAY} are both set; a package has one signature: unset one of them")
        return cls(Path(key) if key else None, environment.get(PASSWORD, ""), bool(way), environment.get(TOKEN, ""))

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the public key's PEM text; ``keyless``; or empty for no signature."""
        return hashlib.sha256(self._public).hexdigest() if self._public else KEYLESS if self._keyless else ""

    def sign(self, package: Path, kept: Path) -> SignedBy | Unsigned:
        """Write ``model.sig`` into a complete package.

        Args:
            package: the folder, with its ``SHA256SUMS``.
            kept: the folder of earlier signatures. A signature of the same files by the same signer is used again.

        Raises:
            SigningError: the key could not sign.
        """
        if not self.fingerprint:
            return Unsigned(f"neither {KEY} nor {WAY} is set")
        known = kept / f"{files.sha256(package / SUMS)}-{self.fingerprint}.sig"
        if known.is_file() and (again := self._signed_before(package, known)) is not None:
            return again
        reason = self._sign_with_key(package) if self._public else self._sign_keyless(package)
        if reason:
            (package / SIGNATURE).unlink(missing_ok=True)
            return Unsigned(reason)
        with files.replacing(known) as temporary:
            shutil.copyfile(package / SIGNATURE, temporary)
        return self._checked(package)

    def _signed_before(self, package: Path, known: Path) -> SignedBy | None:
        """Put a kept signature into the package; None when that signature was damaged and does not fit."""
        shutil.copyfile(known, package / SIGNATURE)
        try:
            return self._checked(package)
        except SigningError:
            return None

    def _checked(self, package: Path) -> SignedBy:
        """Compare the new signature with the package, as whoever gets the package does."""
        with tempfile.TemporaryDirectory() as folder:
            public = Path(folder) / "public.pem"
            public.write_bytes(self._public)
            signed = check(package, public if self._public else None)
        assert isinstance(signed, SignedBy)
        return signed

    def _sign_with_key(self, package: Path) -> str:
        from model_signing import signing

        password: Any = self._password.encode() or None  # model-signing says str, and its library takes bytes
        config = signing.Config().use_elliptic_key_signer(private_key=str(self._key), password=password)  # type: ignore[no-untyped-call]
        config.set_hashing_config(_all_files()).sign(str(package), str(package / SIGNATURE))
        return ""

    def _sign_keyless(self, package: Path) -> str:
        """Ask Sigstore. Returns why there is no signature: whatever fails there, the package can still be made."""
        from model_signing import signing
        from sigstore import oidc

        try:
            token = self._token or oidc.detect_credential()
            if not token:
                return f"this machine has no identity that Sigstore accepts; set {TOKEN}, or sign with a key ({KEY})"
            oidc.IdentityToken(token)  # an unusable token fails here, before anything is asked of the network
            config = signing.Config().use_sigstore_signer(identity_token=token)  # type: ignore[no-untyped-call]
            config.set_hashing_config(_all_files()).sign(str(package), str(package / SIGNATURE))
        except Exception as error:  # noqa: BLE001 a service elsewhere: its errors have no common type
            said = str(error).replace(token or "\0", "...").splitlines()
            return f"Sigstore did not sign: {type(error).__name__}: {said[0][:200] if said else 'no message'}"
        return ""


def check(package: Path, key: Path | None) -> SignedBy | Unsigned:
    """Compare ``model.sig`` with the files of a package, and with the public key of whoever should have signed.

    Args:
        package: the folder.
        key: a public key (PEM, elliptic curve). None: the signature is compared with the files only.

    Raises:
        SigningError: the signature is another key's, or the files are others than those that were signed, or ``model.sig`` is
            no such signature. The message names the files that differ.
    """
    file = package / SIGNATURE
    if not file.is_file():
        return Unsigned(f"the package has no {SIGNATURE}")
    bundle = _bundle(file)
    if key is not None:
        _verify(package, key)
    _compare(package, _signed_files(file, bundle))
    named, identity = _named(bundle)
    return SignedBy(named, False, identity) if key is None else SignedBy(_fingerprint(key), True)


def _verify(package: Path, key: Path) -> None:
    """Raise SigningError unless ``model.sig`` is a signature of these files by ``key``."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from model_signing import verifying

    try:
        config = verifying.Config().use_elliptic_key_verifier(public_key=str(key))  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError, AttributeError, UnsupportedAlgorithm) as error:
        raise SigningError(f"{key}: no public key that model-signing can use (PEM, elliptic curve): {error}") from error
    file = package / SIGNATURE
    try:
        config.set_hashing_config(_all_files()).verify(str(package), str(file))
    except InvalidSignature as error:
        raise SigningError(f"{file}: not signed by {key}, or changed since") from error
    except Exception as error:  # after any error on a file from outside, the signature does not count
        raise SigningError(f"{file}: does not count with {key}: {type(error).__name__}: {error}") from error


def _all_files() -> Any:
    """Every file but the signature itself, also those of Git, which model-signing leaves out by default."""
    from model_signing import hashing

    return hashing.Config().set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)  # type: ignore[no-untyped-call]


def _bundle(file: Path) -> dict[str, Any]:
    try:
        bundle = strict_json.read(file)
    except strict_json.JsonError as error:
        raise SigningError(str(error)) from error
    if not isinstance(bundle, dict):
        raise SigningError(f"{file}: no JSON object, so no signature")
    return bundle


def _named(bundle: Mapping[str, Any]) -> tuple[str, bool]:
    """The SHA-256 of the public key, as the bundle names it, or empty; and whether it has a certificate of an identity."""
    found = bundle.get("verificationMaterial")
    material = found if isinstance(found, dict) else {}
    public = material.get("publicKey")
    named = str(public.get("hint") or "") if isinstance(public, dict) else ""
    return named, "certificate" in material or "x509CertificateChain" in material


def _fingerprint(key: Path) -> str:
    """The SHA-256 of the PEM text of a public key, which model-signing could read."""
    from cryptography.hazmat.primitives import serialization

    public = serialization.load_pem_public_key(key.read_bytes())
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(public.public_bytes(encoding, form)).hexdigest()


def _signed_files(file: Path, bundle: Mapping[str, Any]) -> dict[str, str]:
    """File -> SHA-256, as the signature lists them."""
    try:
        statement = strict_json.parse(base64.b64decode(bundle["dsseEnvelope"]["payload"], validate=True))
        predicate = statement["predicate"]
        how = predicate["serialization"]
        if how["method"] != "files" or how["hash_type"] != "sha256":
            raise SigningError(
                f"{file}: signs {how['method']!r} by {how['hash_type']!r}; sign again with whole files by SHA-256"
            )
        return {str(one["name"]): str(one["digest"]) for one in predicate["resources"]}
    except SigningError:
        raise
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise SigningError(f"{file}: no model-signing signature: {type(error).__name__}: {error}") from error


def _compare(package: Path, signed: Mapping[str, str]) -> None:
    """Raise SigningError when the files of the package are others than those that were signed."""
    there = {path.relative_to(package).as_posix(): path for path in package.rglob("*") if path.is_file()}
    there.pop(SIGNATURE, None)
    problems = [f"{name} was not signed" for name in sorted(there.keys() - signed.keys())]
    problems += [f"{name} was signed and is missing" for name in sorted(signed.keys() - there.keys())]
    same = sorted(there.keys() & signed.keys())
    problems += [f"{name} has other bytes than those signed" for name in same if files.sha256(there[name]) != signed[name]]
    if problems:
        raise SigningError(f"{package / SIGNATURE}: {'; '.join(problems[:5])}")


def _public_key(key: Path, password: str) -> bytes:
    """The public key of a private key, as PEM.

    Raises:
        SigningError: no such file, another password, or no key on a curve that model-signing knows.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password.encode() or None)
    except OSError as error:
        raise SigningError(f"{key}: {error.strerror}; {KEY} must be the path of a private key") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SigningError(f"{key}: no private key (PEM) that opens with {PASSWORD}: {error}") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name not in ("secp256r1", "secp384r1", "secp521r1"):
        raise SigningError(
            f"{key}: not on the curve P-256, P-384 or P-521; make one: openssl ecparam -name prime256v1 -genkey -noout"
        )
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(encoding, form)
