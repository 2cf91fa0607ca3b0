"""Certificates that content credentials are signed with."""

from __future__ import annotations

import datetime
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from songreel_kit.errors import CredentialsUnusable

_AUTHORITY: Final = "authority.pem"
_CHAIN: Final = "signer.pem"
_KEY: Final = "signer.key"
_LIFE: Final = datetime.timedelta(days=3650)
# Clocks that are a little behind must not find the certificate not yet valid.
_EARLIER: Final = datetime.timedelta(hours=1)
_CURVES: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True)
class SigningIdentity:
    """A signer: a certificate with its chain, and its key."""

    kind: str
    """"development" or "operator"."""
    chain: str
    """PEM, the signer's certificate first."""
    key: str
    """PEM, unencrypted."""
    algorithm: str
    """As C2PA names it: "es256", "es384", "es512" or "ed25519"."""
    fingerprint: str
    """SHA-256 of the signer's certificate, hex."""


def operator_identity(certificate: Path, key: Path | None, prefix: str) -> SigningIdentity:
    """The operator's own certificate; the names of its settings begin with `prefix`.

    Raises:
        CredentialsUnusable: a file cannot be read, or is not what it should be.
    """
    if key is None:
        raise CredentialsUnusable(
            f"{prefix}SIGNING_CERTIFICATE is set but {prefix}SIGNING_KEY is not"
        )
    try:
        return _identity("operator", certificate.read_bytes(), key.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise CredentialsUnusable(
            f"the certificate {certificate} or its key {key} cannot be used ({error}); both are "
            "PEM files, the key unencrypted"
        ) from error


def development_identity(folder: Path, prefix: str) -> SigningIdentity:
    """A certificate that only this installation trusts, made at the first call.

    Raises:
        CredentialsUnusable: the folder cannot be written or holds something else.
    """
    try:
        if not (folder / _CHAIN).is_file():
            _make(folder)
        return _identity(
            "development", (folder / _CHAIN).read_bytes(), (folder / _KEY).read_bytes()
        )
    except (OSError, ValueError, TypeError) as error:
        raise CredentialsUnusable(
            f"the development certificate in {folder} cannot be made or read ({error}); set "
            f"{prefix}SIGNING_FOLDER to a folder that can be written, or {prefix}CREDENTIALS=false"
        ) from error


def development_authority(folder: Path) -> str:
    """PEM of this installation's development authority; empty if none was made yet."""
    path = folder / _AUTHORITY
    return path.read_text() if path.is_file() else ""


def _identity(kind: str, chain: bytes, key: bytes) -> SigningIdentity:
    certificates = x509.load_pem_x509_certificates(chain)
    private = serialization.load_pem_private_key(key, None)
    algorithm = ""
    if isinstance(private, ec.EllipticCurvePrivateKey):
        algorithm = _CURVES.get(private.curve.name, "")
    elif isinstance(private, ed25519.Ed25519PrivateKey):
        algorithm = "ed25519"
    if not algorithm:
        raise ValueError("C2PA keys are EC P-256, P-384, P-521 or Ed25519")
    if certificates[0].public_key() != private.public_key():  # pyright: ignore[reportAttributeAccessIssue]
        raise ValueError("the key is not the first certificate's")
    return SigningIdentity(
        kind,
        chain.decode(),
        key.decode(),
        algorithm,
        certificates[0].fingerprint(hashes.SHA256()).hex(),
    )


def _make(folder: Path) -> None:
    """A whole folder appears at once; of two processes that make it the first wins."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _write_certificates(draft)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        try:
            draft.rename(folder)
        except OSError:
            if not (folder / _CHAIN).is_file():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_certificates(folder: Path) -> None:
    authority, signer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = _name("songreel development authority")
    identifier = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
    root = (
        _certificate(name, name, authority)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority, hashes.SHA256())
    )
    # What C2PA asks of a signer: a digital signature for e-mail or documents, no authority.
    leaf = (
        _certificate(_name("songreel development signer"), name, signer)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(signer.public_key()), critical=False
        )
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .sign(authority, hashes.SHA256())
    )
    # The authority's key is not kept: nobody can sign another signer with it.
    (folder / _AUTHORITY).write_bytes(_pem(root))
    (folder / _CHAIN).write_bytes(_pem(leaf) + _pem(root))
    key = os.open(folder / _KEY, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    with os.fdopen(key, "wb") as file:
        file.write(
            signer.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + _LIFE)
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "songreel development"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
