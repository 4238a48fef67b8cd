"""An authority of our own that issues certificates for a test."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Authority:
    """`file` = its certificate; `issue(name)` = (certificate file, key file)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("made-up authority")
        builder = self._builder(self._name, self._key)
        constraint = x509.BasicConstraints(ca=True, path_length=None)
        certificate = builder.add_extension(constraint, critical=True)
        self.file = str(folder / "authority.pem")
        signed = certificate.sign(self._key, hashes.SHA256())
        Path(self.file).write_bytes(signed.public_bytes(Encoding.PEM))

    def issue(self, name: str) -> tuple[str, str]:
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        certificate = self._builder(_named(name), key).add_extension(names, critical=False)
        files = str(self._folder / f"{name}.pem"), str(self._folder / f"{name}.key")
        signed = certificate.sign(self._key, hashes.SHA256())
        Path(files[0]).write_bytes(signed.public_bytes(Encoding.PEM))
        form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        Path(files[1]).write_bytes(key.private_bytes(*form))
        return files

    def client(self, name: str | None) -> ssl.SSLContext:
        """What a device trusts, and how it proves itself (None = not at all)."""
        context = ssl.create_default_context(cafile=self.file)
        if name:
            context.load_cert_chain(*self.issue(name))
        return context

    def _builder(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
