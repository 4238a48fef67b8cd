"""Emergency release: when nothing can be reached the welder may work, within a budget. Pure.

CQ annex 1.9. Contact means a good mac from the cloud or a good ticket, nothing else. A five-second
press asks; without a signed answer in 20 s and without contact for `no_contact_s` the relay may
close, for at most `max_h` and never beyond the budget. Each minute is paid for in flash before it
begins, so that pulling the plug gives none back.

Gives effects: ('ask',) = ask the cloud for the time now, ('spent', minutes) = keep this in flash
before anything that follows, ('release',), ('end', why), ('say', prompt).
"""

ASK_MS = 20000
_MINUTE_MS = 60000
_SAY_MS = 1800000

_OFF, _ASKING, _ON = 0, 1, 2


class Emergency:
    """`spent_min`: paid since the last refill. `released`: a release was running when the power
    went; there was no contact then, so the wait for it is not begun anew."""

    def __init__(self, policy, spent_min=0, released=False):
        self._policy = policy
        self.spent_min = spent_min
        self._contact = -policy.no_contact_s * 1000 if released else 0
        self.resumable = released  # the flag in flash stands; contact takes it away
        self._state = _OFF
        self._until = 0  # of the asking, or of the release
        self._paid_until = 0
        self._say_at = 0
        self._began = 0

    @property
    def on(self):
        return self._state == _ON

    @property
    def left_min(self):
        return max(self._policy.budget_h * 60 - self.spent_min, 0)

    def minutes(self, up):
        """How long the release has lasted, begun minutes counted whole."""
        return (up - self._began + _MINUTE_MS - 1) // _MINUTE_MS

    def heard(self, up):
        """Contact."""
        self._contact = up

    def refill(self):
        self.spent_min = 0

    def press(self, up, barred):
        """The button was held for five seconds; `barred` is '' or why there is no release."""
        if self._state == _ON:
            return []
        if barred:
            return [("say", "emergency-barred")]
        if self.left_min == 0:
            return [("say", "emergency-spent")]
        self._state, self._until = _ASKING, up + ASK_MS
        self._began = up
        return [("ask",), ("say", "emergency-asked")]

    def tick(self, up, barred, burning):
        """`burning`: whether there is an arc now."""
        if self._state == _ASKING:
            return self._asking(up, barred)
        return self._running(up, barred, burning) if self._state == _ON else []

    def next_up(self):
        """When `tick` has something to do at the latest; None = never."""
        if self._state == _ASKING:
            return self._until
        return min(self._until, self._paid_until, self._say_at) if self._state == _ON else None

    def stop(self):
        """The release is over for a reason of the controller's own."""
        self._state = _OFF

    def _asking(self, up, barred):
        if barred:
            return self._refused("emergency-barred")
        if self._contact >= self._began:
            return self._refused("emergency-reached")
        if up < self._until:
            return []
        if up - self._contact < self._policy.no_contact_s * 1000:
            return self._refused("emergency-wait")
        self._state, self._began = _ON, up
        self._until = up + self._policy.max_h * 3600000
        self._say_at = up + _SAY_MS
        return self._pay(up) + [("release",), ("say", "emergency-on")]

    def _refused(self, prompt):
        self._state = _OFF
        return [("say", prompt)]

    def _running(self, up, barred, burning):
        if barred:
            return self._end(barred)
        if up >= self._until:
            return self._end("time")
        if self._contact >= self._began and not (burning and self._policy.finish_weld):
            return self._end("contact")
        effects = []
        if up >= self._paid_until:
            if self.left_min == 0:
                return self._end("budget")
            effects = self._pay(self._paid_until)
        if up >= self._say_at:
            self._say_at += _SAY_MS
            effects.append(("say", "emergency-still"))
        return effects

    def _pay(self, from_up):
        self.spent_min += 1
        self._paid_until = from_up + _MINUTE_MS
        return [("spent", self.spent_min)]

    def _end(self, why):
        self._state = _OFF
        return [("end", why)]
