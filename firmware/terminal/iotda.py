"""The dialect of a superior platform that follows Huawei IoTDA, as the Chongqing annex does."""

from binascii import hexlify
from time import gmtime

from terminal import mac
from terminal.dialect import ANSWER, EVENT

# MicroPython on a chip counts from 2000.
_EPOCH_OF_BOARD = 946684800 if gmtime(0)[0] == 2000 else 0


class Iotda:
    def __init__(self, device, secret):
        self.user = self._device = device
        self._secret = secret
        self._base = "$oc/devices/%s/sys/" % device
        self._commands = (self._base + "commands/request_id=").encode()
        self._events = (self._base + "events/down").encode()
        self.subscription = (self._base + "commands/#").encode()

    def log_in(self, now_ms):
        """The hour is the key; while it is not known it is said not to be checked (sign 0)."""
        hour = "%04d%02d%02d%02d" % gmtime(max(now_ms // 1000 - _EPOCH_OF_BOARD, 0))[:4]
        password = hexlify(mac.hmac_sha256(hour.encode(), self._secret)).decode()
        return "%s_0_%d_%s" % (self._device, 1 if now_ms else 0, hour), password

    def topic(self, kind, id=""):
        if kind == ANSWER:
            return (self._base + "commands/response/request_id=" + id).encode()
        return (self._base + ("events/up" if kind == EVENT else "messages/up")).encode()

    def mine(self, topic):
        if topic.startswith(self._commands):
            return topic[len(self._commands) :].decode()
        return "" if topic == self._events else None
