"""Two dialects, one meaning: how a terminal logs in, and on which topics it speaks. Pure.

`native`, here, is HanMa's own; `iotda` (iotda.py) is for a superior platform. The bodies are the
same (protocol page, section 1).
"""

from binascii import hexlify

from terminal import mac

ANNEX, EVENT, ANSWER = "annex", "event", "answer"


class Native:
    def __init__(self, device, secret):
        self.client = self.user = device
        self._password = hexlify(mac.derive(secret, "mqtt")).decode()
        self._up = b"hm/%s/up" % device.encode()
        self.subscription = b"hm/%s/down" % device.encode()

    def log_in(self, now_ms):
        """(client id, password)"""
        return self.client, self._password

    def topic(self, kind, id=""):
        return self._up

    def mine(self, topic):
        """None if `topic` is not for this terminal, else the command id it carries or ''."""
        return "" if topic == self.subscription else None


def by_name(name, device, secret):
    if name == "iotda":
        from terminal.iotda import Iotda  # only where it is spoken: heap

        return Iotda(device, secret)
    return Native(device, secret)
