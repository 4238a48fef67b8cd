"""Whether more comes than is worked off. Time is handed in."""

from dataclasses import dataclass


@dataclass
class Pressure:
    """Asked again and again how much waits: `full` or more for `after_s` on end is behind, less
    for `calm_s` on end is not. `behind` = None until one of both is known."""

    full: int
    after_s: float = 10.0
    calm_s: float = 30.0
    behind: bool | None = None
    _pressed: bool | None = None
    _since_s: float = 0.0

    def changed(self, waiting: int, now_s: float) -> bool:
        """Whether `behind` is known for the first time now, or is another."""
        pressed = waiting >= self.full
        if pressed is not self._pressed:
            self._pressed, self._since_s = pressed, now_s
        lasted_s = now_s - self._since_s
        if pressed is self.behind or lasted_s < (self.after_s if pressed else self.calm_s):
            return False
        self.behind = pressed
        return True
