"""The modes of the terminal and who may change them. Pure: values and a time in, effects out.

An effect is a tuple: ('relay', 0|1), ('say', prompt name), ('ended', [job ids]), ('lock', 0|1),
('changed',) = tell the cloud at once.
"""

IDLE, WORKING, FAULT, LOCKED = "idle", "working", "fault", "locked"
ENDED_KEPT = 16
LOOKS = 3  # in a row, so that one noisy look beside an arc ends no job
MOVE_MS = 300  # the contactor has followed its coil by then


class Controller:
    def __init__(self, lease_max_s=43200, ended=(), locked=False):
        self.mode = LOCKED if locked else IDLE
        self.job = ""
        self.lease_end = 0  # up ms
        self.ended = list(ended)
        self.lease_max_s = lease_max_s
        self._coil = 0
        self._moved_at = 0
        self._odd_looks = 0
        self._stuck = False  # the contact did not follow, and that has been told

    # commands --------------------------------------------------------------

    def on(self, job, lease_s, up):
        """(refusal, effects): the relay closes for `job` until the lease is spent."""
        if not _is_id(job) or not _is_count(lease_s) or lease_s == 0:
            return "malformed", []
        if job in self.ended:
            return "ended", []
        if self.mode == LOCKED:
            return "locked", []
        if self.mode == FAULT:
            return "relay-stuck", []
        self.lease_end = up + min(lease_s, self.lease_max_s) * 1000
        if self.mode == WORKING and job == self.job:
            return "", []
        effects = self._end_job()
        self.mode, self.job = WORKING, job
        return "", effects + self._drive(1, up) + [("say", "on"), ("changed",)]

    def off(self, job, up):
        """(refusal, effects): ends `job`; another job that is running goes on."""
        if not _is_id(job):
            return "malformed", []
        if job != self.job:
            return "", self._never_again(job)
        return "", self._stop(up, "off")

    def lock(self, up):
        if self.mode == LOCKED:
            return "", []
        effects = self._stop(up, "locked")
        self.mode = LOCKED
        return "", effects + [("lock", 1)]

    def unlock(self, up):
        if self.mode != LOCKED:
            return "", []
        self.mode = FAULT if self._stuck else IDLE
        return "", [("lock", 0), ("say", "unlocked"), ("changed",)]

    # the world -------------------------------------------------------------

    def press(self, up):
        """A short press on the button: off."""
        return self._stop(up, "off") if self.mode == WORKING else []

    def tick(self, up):
        """The lease runs out by itself: nothing depends on an 'off' that arrives."""
        if self.mode == WORKING and up >= self.lease_end:
            return self._stop(up, "lease-over")
        return []

    def contact(self, closed, up):
        """What the relay's own contact says; a relay that is not where its coil is, is a fault."""
        if closed == self._coil or up - self._moved_at < MOVE_MS:
            self._odd_looks = 0
            return [] if closed or self._coil else self._let_go()
        self._odd_looks += 1
        return self.did_not_move(up) if self._odd_looks >= LOOKS else []

    def did_not_move(self, up):
        """The contact has not followed the coil."""
        if self._stuck:
            return []
        effects = self._stop(up, "fault")
        self._stuck = True
        if self.mode != LOCKED:
            self.mode = FAULT
        return effects

    def _let_go(self):
        if not self._stuck:
            return []
        self._stuck = False
        if self.mode == FAULT:
            self.mode = IDLE
        return [("changed",)]

    # -----------------------------------------------------------------------

    def _drive(self, coil, up):
        self._coil, self._moved_at = coil, up
        return [("relay", coil)]

    def _stop(self, up, prompt):
        effects = self._drive(0, up) + self._end_job()
        if self.mode == WORKING:
            self.mode = IDLE
        return effects + [("say", prompt), ("changed",)]

    def _end_job(self):
        if not self.job:
            return []
        job, self.job, self.lease_end = self.job, "", 0
        return self._never_again(job)

    def _never_again(self, job):
        if job in self.ended:
            return []
        self.ended = (self.ended + [job])[-ENDED_KEPT:]
        return [("ended", self.ended)]


def _is_id(job):
    return isinstance(job, str) and 0 < len(job) <= 64


def _is_count(number):
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0
