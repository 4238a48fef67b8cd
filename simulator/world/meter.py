"""What the operator charges for: bytes on the air, counted as the terminal counts its budget."""

from dataclasses import dataclass

SEGMENT = 40  # IP and TCP headers, of each segment and of each acknowledgement
RECORD = 29  # a TLS record: header, nonce, tag
HANDSHAKE_UP, HANDSHAKE_DOWN = 600, 3_000  # of TLS, a certificate and its issuer's


@dataclass
class Meter:
    """Bytes charged, each way; what goes through is counted as one record in one segment, which
    the other side acknowledges. `tls` False: the bare line."""

    tls: bool = True
    sent: int = 0
    received: int = 0

    def opened(self) -> None:
        self.sent += 2 * SEGMENT + self.tls * (HANDSHAKE_UP + 2 * SEGMENT)
        self.received += SEGMENT + self.tls * (HANDSHAKE_DOWN + 3 * SEGMENT)

    def closed(self) -> None:
        self.sent += 2 * SEGMENT
        self.received += 2 * SEGMENT

    def up(self, nbytes: int) -> None:
        self.sent += nbytes + self._around(nbytes)
        self.received += SEGMENT

    def down(self, nbytes: int) -> None:
        self.received += nbytes + self._around(nbytes)
        self.sent += SEGMENT

    def _around(self, nbytes: int) -> int:
        segments = max(1, -(-nbytes // 1_400))
        return segments * (SEGMENT + self.tls * RECORD)
