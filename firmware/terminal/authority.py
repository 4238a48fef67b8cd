"""Which command may be obeyed: mac, once only, epoch, counter, expiry, job not ended. Pure.

Every answer is '' (obey) or one stable word of the protocol page.
"""

from terminal import mac
from terminal.plain import is_count

_REMEMBERED = 16  # answers kept, so that the same command twice gets the same answer


class Authority:
    """Judges commands for one boot of one terminal.

    `epoch`: this boot's random name. `unlocked_n`: the counter of the last obeyed unlock, kept in
    flash, so that an older lock sent again does not lock a machine that was freed since.
    `signed` False: a foreign platform's commands carry no mac, and the broker's word must do.
    """

    def __init__(self, device, secret, epoch, unlocked_n=0, signed=True):
        self._device = device
        self._command_key = mac.derive(secret, "command")
        self.receipt_key = mac.derive(secret, "receipt")
        self.epoch = epoch
        self.unlocked_n = unlocked_n
        self.n = 0
        self._signed = signed
        self._answers = []

    def judge(self, command, up, running_job):
        """'' if `command` may be obeyed at `up` ms since boot, else the word to answer."""
        content = command.content
        if not self._signed:
            return ""
        if not _well_formed(content):
            return "malformed"
        if not self._genuine(command):
            return "bad-mac"
        if self._safe_side(command, running_job):
            self.n = max(self.n, content["n"]) if content["epoch"] == self.epoch else self.n
            return ""
        if content["epoch"] != self.epoch:
            return "wrong-epoch"
        if content["n"] <= self.n:
            return "replayed"
        if up > content["x"]:
            return "expired"
        self.n = content["n"]
        if command.name == "unlock":
            self.unlocked_n = content["n"]
        return ""

    def _genuine(self, command):
        content = dict(command.content)
        told = content.pop("mac")
        try:
            text = mac.canonical(content)
        except ValueError:
            return False
        covered = "|".join((self._device, command.id, command.name, command.code, text))
        return self.good(covered, told)

    def _safe_side(self, command, running_job):
        """What makes the machine safer needs only a good mac: off for the running job; lock."""
        content = command.content
        if command.name == "switch" and command.code == "0":
            return running_job and content.get("job") == running_job
        return command.name == "lock" and content["n"] > self.unlocked_n

    def good(self, text, told):
        """Whether `told` is the cloud's mac over `text`."""
        try:
            return mac.same(mac.tag(self._command_key, text), told)
        except ValueError:  # half a letter, of which nothing can be a mac
            return False

    def remember(self, id, answer):
        self._answers.append((id, answer))
        del self._answers[:-_REMEMBERED]

    def answered(self, id):
        """The first answer to this command, if it was obeyed or refused before; else None."""
        for known, answer in self._answers:
            if known == id:
                return answer
        return None

    def receipt(self, id, up, code, relay):
        """The mac over an answer, or over the log-in with id '00'."""
        text = "%s|%s|%s|%d|%d|%d|%d" % (self._device, id, self.epoch, up, self.n, code, relay)
        return mac.tag(self.receipt_key, text)

    def standing(self, id, up, code, relay):
        """What an answer, a receipt or the log-in says of this boot, under our own mac."""
        told = {"epoch": self.epoch, "up": up, "n": self.n, "relay": relay}
        told["mac"] = self.receipt(id, up, code, relay)
        return told


def _well_formed(content):
    counts = all([is_count(content.get(name)) for name in ("n", "x", "iat")])
    return counts and all([isinstance(content.get(name), str) for name in ("epoch", "mac")])
