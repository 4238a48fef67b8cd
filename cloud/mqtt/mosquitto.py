"""Mosquitto's files: listeners, accounts and rights, the same rights as the embedded broker's.

Texts only; `hanma broker mosquitto` writes them. Terminals and the cloud come in by listeners of
their own: on the terminals' the client id is the user, so nobody pushes somebody else out; the
cloud's many programs share one account on the other.
"""

import base64
import hashlib

from cloud.mqtt import topics
from cloud.mqtt.address import split_listen

CLOUD_USER = "hanma"
PID_FILE = "mosquitto.pid"
_ITERATIONS = 101  # mosquitto_passwd's own; these passwords are 256 bits of chance, not words
SALT_BYTES = 12

# TCP_NODELAY: without it an answer waits 40 ms and more. Nothing here is anonymous.
_CONF = """\
# made by `hanma broker mosquitto`; --follow keeps the accounts as the register has them.
# At a SIGHUP the broker reads them anew; whoever is not among them any more is put out.
per_listener_settings true
set_tcp_nodelay true
max_packet_size 65536
max_inflight_messages 200
max_queued_messages 100000
persistence true
persistence_location {folder}/
autosave_interval 60
pid_file {folder}/{pid_file}
log_type error
log_type warning

listener {port} {host}
allow_anonymous false
use_username_as_clientid true
password_file {folder}/passwords
acl_file {folder}/rights
{tls}
listener {cloud_port} {cloud_host}
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/rights
"""
_TLS = "certfile {cert}\nkeyfile {key}\ntls_version tlsv1.2\n"


def conf(folder: str, listen: str, cloud_listen: str, cert: str = "", key: str = "") -> str:
    """mosquitto.conf. listen: host:port for terminals; cloud_listen: for the cloud, loopback or
    a closed network; cert, key: PEM files, both or none. BadAddress."""
    host, port = split_listen(listen)
    cloud_host, cloud_port = split_listen(cloud_listen)
    tls = _TLS.format(cert=cert, key=key) if cert else ""
    return _CONF.format(
        folder=folder,
        pid_file=PID_FILE,
        host=host,
        port=port,
        cloud_host=cloud_host,
        cloud_port=cloud_port,
        tls=tls,
    )


def rights() -> str:
    """The rights: a terminal its own topics, the cloud all of ours, nobody anything else."""
    own = "%u"
    return "\n".join(
        [
            f"user {CLOUD_USER}",
            f"topic readwrite {topics.ROOT}#",
            "",
            f"pattern write {topics.up(own)}",
            f"pattern read {topics.down(own)}",
            f"pattern readwrite {topics.echo(own)}",
            "",
        ]
    )


def account(user: str, password: str, salt: bytes) -> str:
    """One line of the password file: PBKDF2-HMAC-SHA512, Mosquitto 2's form 7; salt: 12 bytes."""
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    texts = (base64.b64encode(part).decode() for part in (salt, made))
    return f"{user}:$7${_ITERATIONS}${'$'.join(texts)}"
