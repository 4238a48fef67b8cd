"""The faults inside the modem, as switches. `faults.py` names them; the modem asks them."""

from collections import deque
from dataclasses import dataclass, field


@dataclass
class Mischief:
    """All off by default. Counts run down by themselves; times are monotonic nanoseconds."""

    echo_stuck: bool = False  # ATE0 is answered OK and has no effect
    errors: int = 0  # so many commands are answered ERROR, whatever they are
    deaf_until_ns: int = 0  # commands are not heard; unsolicited lines still come
    hung: bool = False  # nothing in, nothing out, until the modem is restarted by pin or power
    intrusions: int = 0  # so many answers get an unsolicited line between two of their lines
    lost_urcs: int = 0  # so many unsolicited lines are never sent
    no_prompt: int = 0  # so many AT+CIPSEND get no `>`, but ERROR after `no_prompt_s`
    no_prompt_s: float = 10.0
    send_results: deque[int] = field(default_factory=deque)  # lengths to confirm; −1 = dead
    open_results: deque[int] = field(default_factory=deque)  # errors of the next AT+CIPOPEN
    late_data_lost: bool = False  # what waits unread dies when the peer closes
    sticky_network: bool = False  # after +CIPEVENT, NETOPEN? still says 1, links stay taken
    no_place: int | None = None  # error of AT+CLBS; 0 = the position 0,0 with code 0

    def intrude(self) -> bool:
        return self._one("intrusions")

    def lose_urc(self) -> bool:
        return self._one("lost_urcs")

    def fail_command(self) -> bool:
        return self._one("errors")

    def swallow_prompt(self) -> bool:
        return self._one("no_prompt")

    def _one(self, name: str) -> bool:
        left = getattr(self, name)
        setattr(self, name, max(0, left - 1))
        return left > 0
