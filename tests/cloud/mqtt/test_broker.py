"""The embedded broker as a whole: start, stop, TLS, and how quick it is."""

import socket
import ssl
import statistics
import threading
import time
from contextlib import suppress
from datetime import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cloud.mqtt.broker import Broker, PortBusy
from tests.cloud.mqtt.mqtt_made_up import DOWN_A, KEY_A, UP_A, WILL, A
from tests.cloud.mqtt.raw_client import Closed, RawClient

pytestmark = pytest.mark.slow


def test_the_round_trip_is_a_few_milliseconds(site):
    cloud, a = site.cloud("hm/+/up"), site.a()
    a.subscribe(DOWN_A)

    def echo() -> None:
        with suppress(Closed, OSError):
            while (message := a.receive(10)) is not None:
                a.post(UP_A, message.payload)

    echoing = threading.Thread(target=echo)
    echoing.start()
    took_ms = []
    for number in range(300):
        began = time.perf_counter()
        cloud.post(DOWN_A, b"%d" % number)
        assert cloud.receive().payload == b"%d" % number
        took_ms.append((time.perf_counter() - began) * 1000)
    a.sock.shutdown(socket.SHUT_RDWR)
    echoing.join()
    p50, p99 = statistics.median(took_ms), sorted(took_ms)[-3]
    print(f"command and echo through the broker: p50 {p50:.2f} ms, p99 {p99:.2f} ms (limit 10 ms)")


def test_a_revoked_terminal_can_be_put_out(site, wait_until):
    a = site.a()
    site.broker.drop(A)
    assert a.is_closed(1)
    wait_until(lambda: site.broker.connected() == [])


def test_a_busy_port_is_told_in_a_sentence(site):
    with pytest.raises(PortBusy, match="in use by another program"):
        Broker(site.door, port=site.broker.port).start()


def test_stop_closes_everything_and_frees_the_port(make_site):
    site = make_site()
    a, idle = site.a(will=WILL), site.dial()
    site.broker.stop()
    assert a.is_closed(1)
    assert idle.is_closed(1)
    again = Broker(site.door, port=site.broker.port)
    again.start()
    again.stop()
    again.stop()


@pytest.fixture
def certificate(tmp_path):
    """(certificate file, key file) of a made-up server, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "broker.example")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2120, 1, 1))
    files = tmp_path / "broker.crt", tmp_path / "broker.key"
    files[0].write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files[1].write_bytes(key.private_bytes(*form))
    return files


def test_it_speaks_tls_where_it_is_given_a_certificate(site, certificate):
    server, client = (
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH),
        ssl.create_default_context(),
    )
    server.load_cert_chain(*certificate)
    client.load_verify_locations(certificate[0])
    broker = Broker(site.door, port=0, tls=server)
    broker.start()
    a = RawClient(broker.port)
    a.sock = client.wrap_socket(a.sock, server_hostname="broker.example")
    assert a.connect(A, A, KEY_A) == 0
    a.ping()
    a.disconnect()
    broker.stop()


def test_the_pinned_amqtt_is_the_one_whose_inside_was_read():
    import amqtt

    assert amqtt.__version__ == "0.12.1"
