"""The plant: supply, contactor, bypass, welding machine and welder, gas, lid, warmth.

A machine in steps: every change is given its moment (monotonic ns), what follows by itself happens
in `step`, and the properties tell the state as of the last moment given. Nothing here sleeps.

supply ──┬── contactor ──┬── current transformer ── welding machine ── arc
         ├─── bypass ────┘
         └── terminal's supply unit with its hold-up capacitor
"""

import random
from collections import deque
from enum import Enum
from math import pi, sin, sqrt

MS = 1_000_000
REMEMBERED = 10_000
IDLE_A = 0.3  # what a machine draws that is on and not welding
NOISE_CYCLES = 1_024
ARC_ON_A, ARC_OFF_A = 8.0, 6.0  # the comparator behind the transformer
GAS_MV_PER_LEL = 33.0  # the sensor gives 0–3.3 V for 0–100 % of the lower explosive limit
GAS_CLEAN_MV = 100.0  # what it gives in clean air; a socket without a sensor gives nothing


class Contactor(Enum):
    GOOD = "good"
    WELDED = "welded"  # stays closed whatever the coil does
    REFUSES = "refuses"  # stays open whatever the coil does


class Mains:
    """The plant of one terminal, everything in order and switched off, mains present.

    pull_in_ms, drop_out_ms: of the contactor. bounce_ms: its auxiliary contact chatters so long
    after a change. coil_on_mains: the coil is fed from the same supply, so that the contactor
    drops when the mains goes. holdup_ms: how long the terminal lives on without mains.
    volts_per_amp, bias_v: current transformer with burden, at the ADC pin. hz: of the mains.
    """

    def __init__(
        self,
        rng: random.Random | None = None,
        *,
        pull_in_ms: float = 15.0,
        drop_out_ms: float = 10.0,
        bounce_ms: float = 2.0,
        coil_on_mains: bool = True,
        holdup_ms: float = 2_000.0,
        volts_per_amp: float = 0.004,
        bias_v: float = 1.65,
        hz: float = 50.0,
        noise: float = 0.03,
    ) -> None:
        rng = rng or random.Random(0)
        self.pull_in_ns, self.drop_out_ns = int(pull_in_ms * MS), int(drop_out_ms * MS)
        self.bounce_ns = int(bounce_ms * MS)
        self.holdup_ns = int(holdup_ms * MS)
        self.coil_on_mains = coil_on_mains
        self.volts_per_amp, self.bias_v, self.hz = volts_per_amp, bias_v, hz
        self.events: deque[tuple[int, str, object]] = deque(maxlen=REMEMBERED)
        self.now_ns = 0
        self.condition = Contactor.GOOD
        self.gas_lel = 0.0  # % of the lower explosive limit
        self.gas_sensor = True  # it is an option of the terminal
        self.lid_open = False  # the tamper switch
        self.board_c = 25.0
        self._mains = True
        self._supplied = True  # the terminal has power, from the mains or the capacitor
        self._starves_ns: int | None = None  # when the capacitor will be empty
        self._comparator = False
        self._relay = False
        self._contact = False
        self._bypass = False
        self._welder_a = 0.0  # what the welder would draw, if there were power
        self._moves_ns: int | None = None  # when the contactor reaches what its coil wants
        self._moved_ns = -self.bounce_ns
        self._noise = [1.0 + noise * rng.gauss(0, 1) for _ in range(NOISE_CYCLES)]
        self._told: dict[str, object] = {}
        self._tell()
        self.events.clear()

    # -- what people and the grid do ----------------------------------------------------------

    def set_mains(self, present: bool, at_ns: int) -> None:
        """With the mains goes the welding machine at once, the terminal when its capacitor is
        empty."""
        self.step(at_ns)
        if present:
            self._supplied, self._starves_ns = True, None
        elif self._mains:
            self._starves_ns = self.now_ns + self.holdup_ns
        self._set(at_ns, _mains=present)

    def set_bypass(self, closed: bool, at_ns: int) -> None:
        """Somebody bridged the contactor."""
        self._set(at_ns, _bypass=closed)

    def strike(self, amps: float, at_ns: int) -> None:
        """The welder wants an arc of so many amperes (RMS, mains side); it burns with power."""
        self._set(at_ns, _welder_a=amps)

    def lift(self, at_ns: int) -> None:
        """The welder breaks the arc."""
        self._set(at_ns, _welder_a=0.0)

    def set_contactor(self, condition: Contactor, at_ns: int) -> None:
        """A defect shows at once; GOOD = mended, and it goes where its coil wants."""
        self._set(at_ns, condition=condition)
        if condition is not Contactor.GOOD:
            self._moves_ns = None
            self._move(condition is Contactor.WELDED)
            self._tell()

    def set_gas(self, lel: float, at_ns: int) -> None:
        self._set(at_ns, gas_lel=lel)

    def set_gas_sensor(self, fitted: bool, at_ns: int) -> None:
        self._set(at_ns, gas_sensor=fitted)

    def set_lid(self, is_open: bool, at_ns: int) -> None:
        self._set(at_ns, lid_open=is_open)

    def set_board(self, celsius: float, at_ns: int) -> None:
        self._set(at_ns, board_c=celsius)

    # -- what the terminal does ---------------------------------------------------------------

    def set_relay(self, on: bool, at_ns: int) -> None:
        """The terminal's relay pin: the contactor's coil."""
        self._set(at_ns, _relay=on)

    # -- what the terminal's inputs see -------------------------------------------------------

    @property
    def mains(self) -> bool:
        return self._mains

    @property
    def supplied(self) -> bool:
        """Whether the terminal itself has power."""
        return self._supplied

    @property
    def bypass(self) -> bool:
        return self._bypass

    @property
    def contact(self) -> bool:
        """The contactor's main contact."""
        return self._contact

    @property
    def readback(self) -> bool:
        """The auxiliary contact: chatters by half milliseconds after a change, then is true."""
        since_ns = self.now_ns - self._moved_ns
        chatter = since_ns < self.bounce_ns and since_ns * 2 // MS % 2 == 1
        return self._contact != chatter

    @property
    def powered(self) -> bool:
        """Whether the welding machine has power, by the right way or the wrong one."""
        return self._mains and (self._contact or self._bypass)

    @property
    def arc(self) -> bool:
        return self.powered and self._welder_a > 0

    @property
    def amps(self) -> float:
        """RMS of the present mains cycle."""
        if not self.powered:
            return 0.0
        cycle = int(self.now_ns * self.hz / 1e9)
        return max(IDLE_A, self._welder_a) * self._noise[cycle % NOISE_CYCLES]

    @property
    def adc_rms(self) -> float:
        """Volts RMS at the ADC, without the bias."""
        return self.amps * self.volts_per_amp

    @property
    def adc_v(self) -> float:
        """Volts at the ADC at this instant: bias and sine."""
        phase = 2 * pi * self.hz * (self.now_ns % 1_000_000_000) / 1e9
        return self.bias_v + sqrt(2) * self.adc_rms * sin(phase)

    @property
    def comparator(self) -> bool:
        """The arc input: high from more than ARC_ON_A until less than ARC_OFF_A."""
        amps = self.amps
        self._comparator = amps > (ARC_OFF_A if self._comparator else ARC_ON_A)
        return self._comparator

    @property
    def gas_mv(self) -> float:
        """Millivolts at the gas sensor's ADC pin."""
        if not self.gas_sensor:
            return 0.0
        return min(max(self.gas_lel * GAS_MV_PER_LEL, GAS_CLEAN_MV), 3_300.0)

    # -- time ---------------------------------------------------------------------------------

    @property
    def next_ns(self) -> int | None:
        """When something will happen by itself; None = nothing."""
        due = [at for at in (self._moves_ns, self._starves_ns) if at is not None]
        return min(due, default=None)

    def step(self, now_ns: int) -> None:
        """Lets happen what is due. A moment before the last one counts as the last one."""
        while (due_ns := self.next_ns) is not None and due_ns <= now_ns:
            self.now_ns = max(self.now_ns, due_ns)
            if due_ns == self._moves_ns:
                self._moves_ns = None
                self._move(not self._contact)
            else:
                self._starves_ns, self._supplied = None, False
            self._tell()
        self.now_ns = max(self.now_ns, now_ns)

    def _set(self, at_ns: int, **changes: object) -> None:
        self.step(at_ns)
        for name, value in changes.items():
            setattr(self, name, value)
        self._pull()
        self._tell()

    def _pull(self) -> None:
        """The armature starts to move, or falls back where it was."""
        wanted = self._relay and (self._mains or not self.coil_on_mains)
        if self.condition is not Contactor.GOOD or wanted == self._contact:
            self._moves_ns = None
        elif self._moves_ns is None:
            self._moves_ns = self.now_ns + (self.pull_in_ns if wanted else self.drop_out_ns)

    def _move(self, closed: bool) -> None:
        if closed != self._contact:
            self._contact = closed
            self._moved_ns = self.now_ns

    def _tell(self) -> None:
        """Writes down what is no longer as it was."""
        state = {
            "mains": self._mains,
            "supplied": self._supplied,
            "bypass": self._bypass,
            "relay": self._relay,
            "contact": self._contact,
            "powered": self.powered,
            "arc": self.arc,
            "gas_lel": self.gas_lel,
            "gas_sensor": self.gas_sensor,
            "lid_open": self.lid_open,
            "board_c": self.board_c,
            "contactor": self.condition.value,
        }
        for what, value in state.items():
            if self._told.get(what) != value:
                self.events.append((self.now_ns, what, value))
        self._told = state
