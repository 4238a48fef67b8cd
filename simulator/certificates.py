"""A made-up CA, and what the servers show that it signed: good ones, and bad ones of each kind."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_ADDRESS = ip_address("127.0.0.2")
_LASTS = timedelta(99)


class Authority:
    """`pem`: its own certificate. Good from yesterday on, by the clock of this computer."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("made-up CA")
        made = self._begun(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.pem = made.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def server(self, folder: Path, host: str, *, expired: bool = False) -> ssl.SSLContext:
        """A context for a server of this name; its certificate and key are left in `folder`."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host), x509.IPAddress(_ADDRESS)])
        made = self._begun(_named(host), key, ended=expired).add_extension(names, critical=False)
        chain = folder / f"{host}.pem"
        chain.write_bytes(
            made.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
            + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context

    def _begun(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, ended: bool = False) -> Any:
        begins = datetime.now(UTC) - timedelta(1) - (2 * _LASTS if ended else timedelta(0))
        made = x509.CertificateBuilder().subject_name(name).issuer_name(self._name)
        made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
        return made.not_valid_before(begins).not_valid_after(begins + _LASTS)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
