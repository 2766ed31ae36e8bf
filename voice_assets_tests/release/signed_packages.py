"""Small packages to sign, and keys to sign them with."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from voice_assets.release.sums import write_sums

FILES = {
    "en_US-joe-medium.onnx": "a model",
    "MODEL_CARD": "# Joe",
    "evidence/training.intoto.json": "{}",
    "samples/é.wav": "ah",
}


def package(parent: Path, **changes: str) -> Path:
    """A folder with a few files and their list. It holds no voice: a signature is about bytes."""
    folder = parent / "en_US-joe-medium"
    for name, text in {**FILES, **changes}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    write_sums(folder)
    return folder


def keys(folder: Path, name: str = "signing", password: str = "", curve: ec.EllipticCurve | None = None) -> tuple[Path, Path]:
    """A private key and its public key, as PEM files."""
    private = ec.generate_private_key(curve or ec.SECP256R1())
    secret, public = folder / f"{name}.pem", folder / f"{name}.pub"
    secret.write_bytes(_pem(private, password))
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(private.public_key().public_bytes(encoding, form))
    return secret, public


def rsa_key(folder: Path) -> Path:
    """A private key of a kind that model-signing does not take."""
    file = folder / "rsa.pem"
    file.write_bytes(_pem(rsa.generate_private_key(65537, 2048), ""))
    return file


def _pem(private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, password: str) -> bytes:
    secret = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
