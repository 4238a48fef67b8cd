"""The modes of the terminal and who may change them. Pure: values and a time in, effects out.

An effect is a tuple: ('relay', 0|1), ('say', prompt name), ('ended', [job ids]), ('locked', 0|1),
('tampered', 0|1), ('sensed', 0|1), ('spent', minutes), ('released', 0|1), ('ask',) = ask the
cloud for the time, ('note', journal kind, {fields}), ('alarm', name, level, on), ('changed',) =
tell the cloud at once. They are carried out in order; where the relay opens, that comes first.
"""

from terminal.plain import is_count, is_word

IDLE, WORKING, EMERGENCY, FAULT = "idle", "working", "emergency", "fault"
SERVICE, LOCKED = "service", "locked"
ENDED_KEPT = 16
LOOKS = 3  # in a row, so that one noisy look beside an arc ends no job
MOVE_MS = 300  # the contactor has followed its coil by then
TEST_MAX_S = 60
_TAMPER = "tamper"
NOTICE, WARNING, DANGER = 1, 2, 3
_WARNINGS = ((600000, "lease-10"), (60000, "lease-1"))


class Controller:
    def __init__(
        self, policy, emergency, ended=(), locked=False, tampered=False, service=False, sensed=0
    ):
        self._policy = policy
        self.emergency = emergency
        self._rest = SERVICE if service else IDLE
        self.mode = LOCKED if locked else self._rest
        self.job = ""
        self.lease_end = 0  # up ms
        self.ended = list(ended)
        self._paused = ""  # the job that may go on
        self.dark = False  # no mains: a contactor cannot follow its coil
        self.gas = False  # tripped
        self._gas_warned = False
        self._sensed = sensed  # a gas sensor, since the office or a technician last looked
        self.tampered = tampered  # since the office or a technician last looked
        self._coil = 0
        self._moved_at = 0
        self._odd_looks = 0
        self._stuck = False  # the contact did not follow, and that has been told
        self._warned = 0  # how many of _WARNINGS have been said
        self._last_arc = 0

    # commands and tickets -----------------------------------------------------

    def on(self, job, lease_s, up, by="cloud"):
        """(refusal, effects): the relay closes for `job` until the lease is spent."""
        if not _is_id(job) or not is_count(lease_s) or lease_s == 0:
            return "malformed", []
        if job in self.ended:
            return "ended", []
        refusal = self._unfit()
        if refusal:
            return refusal, []
        running = self.mode == WORKING and job == self.job
        effects = [] if running else self._release_over("on", up) + self._end_job("replaced")
        self.lease_end = up + min(lease_s, self._policy.lease_max_s) * 1000  # the end sets it to 0
        self._warned = 0
        if running:
            return "", []
        said = "resumed" if job == self._paused else "on"
        self.mode, self.job, self._last_arc, self._paused = WORKING, job, up, ""
        effects += self._drive(1, up)
        return "", effects + [
            ("say", said),
            ("changed",),
            ("note", "on", {"job": job, "lease_s": lease_s, "by": by}),
        ]

    def test(self, seconds, up, job=""):
        """(refusal, effects): a technician's function test, at most a minute; under `job`, if it
        has one, it can be ended before."""
        if not is_count(seconds, TEST_MAX_S) or seconds == 0 or (job and not _is_id(job)):
            return "malformed", []
        if job in self.ended:
            return "ended", []
        refusal = self._unfit()
        if refusal or self.mode not in (IDLE, SERVICE):
            return refusal or "unsupported", []
        effects = self._end_job("replaced")
        self.mode, self.job = SERVICE, job
        self.lease_end = up + seconds * 1000
        return "", effects + self._drive(1, up) + [("say", "test"), ("changed",)]

    def service(self, up):
        """(refusal, effects): a technician's ticket enters service, or leaves it."""
        if self.mode not in (IDLE, SERVICE) or self._coil:
            return self._unfit() or "unsupported", []
        self.mode = self._rest = IDLE if self.mode == SERVICE else SERVICE
        return "", self._forget_sensor() + [("changed",)]

    def off(self, job, up, why="cloud"):
        """(refusal, effects): ends `job`; another job that is running goes on."""
        if not _is_id(job):
            return "malformed", []
        if job != self.job:
            return "", self._never_again(job)
        return "", self._stop(up, "off", why)

    def lock(self, up):
        if self.mode == LOCKED:
            return "", []
        effects = self._stop(up, "locked", "lock")
        self.mode = LOCKED
        return "", effects + [("locked", 1), ("note", "lock", {"on": 1})]

    def unlock(self, up):
        """Also the office's word that an opened lid, or a sensor torn off, was looked into."""
        effects = self._forget_sensor()
        if self.tampered:
            self.tampered = False
            effects.append(("tampered", 0))
        if self.mode == LOCKED:
            self.mode = FAULT if self._stuck else self._rest
            effects += [("locked", 0), ("say", "unlocked"), ("changed",)]
            effects.append(("note", "lock", {"on": 0}))
        return "", effects

    def _unfit(self):
        """Why nothing may be switched on now, or ''."""
        if self.mode == LOCKED:
            return "locked"
        if self.gas:
            return "gas"
        return "relay-stuck" if self.mode == FAULT or self.dark else ""

    # the world ----------------------------------------------------------------

    def press(self, up):
        """A short press on the button: off."""
        if self.mode in (WORKING, EMERGENCY) or self._coil:
            return self._stop(up, "off", "button")
        return []

    def long_press(self, up):
        """Held for five seconds: asks for the emergency release."""
        return self._carry(self.emergency.press(up, self._barred()), up)

    def tick(self, up, burning):
        """Time passes: a lease runs out by itself, nothing depends on an 'off' that arrives."""
        effects = self._carry(self.emergency.tick(up, self._barred(), burning), up)
        if self.mode == WORKING:
            return effects + self._lease(up, burning)
        if self.mode == SERVICE and self._coil and up >= self.lease_end:
            return effects + self._stop(up, "off", "lease")
        return effects

    def next_up(self):
        """When `tick` has something to do at the latest; None = never."""
        due = self.emergency.next_up()
        if self.mode == WORKING:
            due = _sooner(due, self._last_arc + self._policy.idle_off_min * 60000)
            if self._warned < len(_WARNINGS):
                due = _sooner(due, self.lease_end - _WARNINGS[self._warned][0])
        return _sooner(due, self.lease_end) if self._coil and self.mode != EMERGENCY else due

    def _lease(self, up, burning):
        if up >= self.lease_end:
            return self._stop(up, "lease-over", "lease")
        if burning:
            self._last_arc = up
        elif up - self._last_arc >= self._policy.idle_off_min * 60000:
            return self.pause(up, "idle")
        effects, left = [], self.lease_end - up
        while self._warned < len(_WARNINGS) and left <= _WARNINGS[self._warned][0]:
            if left > _WARNINGS[self._warned][0] - 5000:  # not for a lease that began shorter
                effects.append(("say", _WARNINGS[self._warned][1]))
            self._warned += 1
        return effects

    def pause(self, up, why):
        """'idle', 'mains', 'restart': the relay opens, its welder's ON may resume the job."""
        prompt = "off" if why == "restart" else "paused-" + why
        if self.mode != WORKING:
            return self._stop(up, prompt, why) if self._coil else []
        effects, job = self._drive(0, up), self.job
        self.mode, self.job, self.lease_end, self._paused = IDLE, "", 0, job
        effects += [("say", prompt), ("changed",)]
        return effects + [("note", "off", {"job": job, "why": why})]

    def gas_level(self, percent, up):
        """Warns and trips with hysteresis; `percent` of the lower explosive limit, None = no
        sensor."""
        trip, warn = self._policy.gas_trip, self._policy.gas_warn
        fresh = percent is not None and not self._sensed
        if percent is None:  # torn off: not known is not good
            percent = max(warn, trip - 1) if self._sensed else 0
        effects = []
        if percent >= trip and not self.gas:
            self.gas = True
            running = self._coil or self.mode in (WORKING, EMERGENCY)
            effects += self._stop(up, "gas-trip", "gas") if running else [("say", "gas-trip")]
            effects.append(("alarm", "GAS_TRIP", DANGER, 1))
        elif percent < warn and self.gas:
            self.gas = False
            effects.append(("alarm", "GAS_TRIP", DANGER, 0))
        if percent >= warn:
            if not self._gas_warned and not self.gas:
                effects.append(("say", "gas-warn"))
            self._gas_warned = True
            effects.append(("alarm", "GAS_WARN", WARNING, 1))
        elif percent < warn - 2:
            self._gas_warned = False
            effects.append(("alarm", "GAS_WARN", WARNING, 0))
        if fresh:
            self._sensed = 1
            effects.append(("sensed", 1))
        return effects

    def _forget_sensor(self):
        if not self._sensed:
            return []
        self._sensed = 0
        return [("sensed", 0)]

    def lid(self, is_open, up):
        """An open lid is told, and bars the emergency release until somebody has looked."""
        effects = []
        if is_open and not self.tampered:
            self.tampered = True
            effects += [("tampered", 1), ("say", "tamper")]
            effects += self._carry(self.emergency.tick(up, self._barred(), False), up)
        return effects + [("alarm", "TAMPER", DANGER, 1 if is_open else 0)]

    def contact(self, closed, up):
        """What the relay's own contact says; a relay that is not where its coil is, is a fault."""
        if closed == self._coil or up - self._moved_at < MOVE_MS or self.dark:
            self._odd_looks = 0
            return [] if closed or self._coil else self._let_go()
        self._odd_looks += 1
        return self.did_not_move(up) if self._odd_looks >= LOOKS else []

    @property
    def doubtful(self):
        """Whether the contact should be looked at again soon."""
        return self._odd_looks > 0 and not self._stuck

    def did_not_move(self, up):
        """The contact has not followed the coil."""
        if self._stuck:
            return []
        effects = self._stop(up, "fault", "fault")
        self._stuck = True
        if self.mode != LOCKED:
            self.mode = FAULT
        return effects + [("alarm", "RELAY_STUCK", DANGER, 1)]

    def _let_go(self):
        if not self._stuck:
            return []
        self._stuck = False
        if self.mode == FAULT:
            self.mode = self._rest
        return [("changed",), ("alarm", "RELAY_STUCK", DANGER, 0)]

    # emergency release ----------------------------------------------------------

    def heard(self, up):
        """Contact: a fresh good mac from the cloud, or a good ticket."""
        self.emergency.heard(up)
        if self.emergency.on or not self.emergency.resumable:
            return []
        self.emergency.resumable = False
        return [("released", 0)]

    def _barred(self):
        """Why there is no emergency release now, or ''."""
        if self.mode not in (IDLE, EMERGENCY):
            return self.mode
        if self.tampered:
            return _TAMPER
        return "gas" if self.gas else ""

    def _carry(self, effects, up):
        """What the release policy decided, in the controller's own effects."""
        done = []
        for effect in effects:
            if effect[0] == "release":
                self.mode = EMERGENCY
                done += [("released", 1)] + self._drive(1, up) + [("changed",)]
                done.append(("note", "emergency_on", {"left_min": self.emergency.left_min}))
                done.append(("alarm", "EMERGENCY_ON", DANGER, 1))
            elif effect[0] == "end":
                done += self._drive(0, up) + self._release_over(effect[1], up)
                done += [("say", "emergency-off"), ("changed",)]
            else:
                done.append(effect)
        return done

    def _release_over(self, why, up):
        if self.mode != EMERGENCY:
            return []
        self.emergency.stop()
        self.emergency.resumable = why == "mains"  # with the mains back, no new wait
        self.mode = self._rest
        fields = {"why": why, "used_min": self.emergency.minutes(up)}
        return [
            ("released", 1 if why == "mains" else 0),
            ("note", "emergency_off", fields),
            ("alarm", "EMERGENCY_ON", DANGER, 0),
            ("alarm", "EMERGENCY_OFF", NOTICE, 1),
        ]

    # -----------------------------------------------------------------------------

    def _drive(self, coil, up):
        self._coil, self._moved_at = coil, up
        return [("relay", coil)]

    def _stop(self, up, prompt, why):
        """The relay opens, whatever had closed it."""
        effects = self._drive(0, up) + self._release_over(why, up) + self._end_job(why)
        if self.mode in (WORKING, SERVICE):
            self.mode = self._rest
        return effects + [("say", prompt), ("changed",)]

    def _end_job(self, why):
        if not self.job:
            return []
        job, self.job, self.lease_end = self.job, "", 0
        return self._never_again(job) + [("note", "off", {"job": job, "why": why})]

    def _never_again(self, job):
        if job in self.ended:
            return []
        self.ended = (self.ended + [job])[-ENDED_KEPT:]
        return [("ended", self.ended)]


def _sooner(one, other):
    return other if one is None else min(one, other)


def _is_id(job):
    """Sixteen of them are kept in one value of the store."""
    return job != "" and is_word(job)
