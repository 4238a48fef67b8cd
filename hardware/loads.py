"""Which current flows where: from what is taken at each pin (`[loads]`) up to the mains."""

from math import inf, sqrt

from hardware.circuit import OPEN, Circuit, Placed

PRIMARY, SECONDARY, BIAS = 77, 5, 15  # windings of the flyback, on an ETD 29/16/10
TURNS, AUXILIARY = PRIMARY / SECONDARY, BIAS / SECONDARY
CORE_MM2, CORE_T = 71.0, 0.3  # its least section (TDK B66358); N87 saturates at 0.39 T when hot
SWITCHED_HZ = 60e3
DIODE_V = 0.45  # a Schottky in the cold
_BUCK, _FLYBACK = 0.86, 0.78  # efficiencies
LEAK, _CLAMP_V = 0.02, 150  # share of the primary's inductance that does not couple; DZ1
_PIN_A = 0.04  # what the output of a chip gives, at most
BURST = 577 / 4615  # how long of each frame the modem sends
# Such a part brings no current of its own to a net.
_MUTE = ("cap", "y", "tvs", "button", "lid", "plug", "terminal", "sim", "antenna", "speaker")
_THROUGH = {"opto": ("A", "K")}  # pins between which a part of several pins is a diode


def taken(circuit: Circuit, net: str) -> tuple[float, float]:
    """Ampere taken from a supply, for good and for a moment."""
    found = [both for (_, at), both in circuit.loads.items() if at == net]
    return sum(mean for mean, _ in found), sum(peak for _, peak in found)


def rail_v(circuit: Circuit) -> float:
    """The modem's supply, as its divider sets it."""
    return 0.5 * (1 + circuit.value("R25") / circuit.value("R26"))


def bank_v(circuit: Circuit) -> float:
    """The charged supercapacitors, as their regulator's divider sets it."""
    return 0.8 * (1 + circuit.value("R20") / circuit.value("R21"))


def charging_ohm(circuit: Circuit) -> float:
    """What stands between the charger and the bank."""
    return 1 / sum(
        1 / one.part.value for one in circuit.placed.values() if set(one.nets) == {"CHG", "BANK"}
    )


def rails(circuit: Circuit) -> tuple[float, float]:
    """What the modem's supply gives to chip and modem together, for good and in a burst."""
    chip, modem = taken(circuit, "V33"), taken(circuit, "VMOD")
    return chip[0] + modem[0], chip[1] + modem[1]


def coils(circuit: Circuit) -> float:
    """Both relays."""
    return sum(circuit.nets["V5"].high / circuit.value(ref) for ref in ("K1", "K2"))


def five_volts(circuit: Circuit) -> float:
    """What the flyback gives at 5 V, for good, while the bank is empty yet."""
    bus = rails(circuit)[0] * rail_v(circuit) / (_BUCK * (circuit.nets["V5"].high - DIODE_V))
    charge = bank_v(circuit) / charging_ohm(circuit)
    return bus + charge + coils(circuit) + taken(circuit, "V5")[0] + taken(circuit, "V5_X")[0]


def power_w(circuit: Circuit) -> float:
    """What the flyback takes from the bulk capacitors."""
    return five_volts(circuit) * circuit.nets["V5"].high / _FLYBACK


def drain_a(circuit: Circuit) -> float:
    """The peak in the switcher: it works in discontinuous mode."""
    return sqrt(2 * power_w(circuit) / (circuit.value("T1") * SWITCHED_HZ))


def clamp_w(circuit: Circuit) -> float:
    """What the primary's leakage leaves in the clamp."""
    reflected = TURNS * (circuit.nets["V5"].high + DIODE_V)
    leaked = LEAK * circuit.value("T1") * drain_a(circuit) ** 2 / 2 * SWITCHED_HZ
    return leaked * _CLAMP_V / (_CLAMP_V - reflected)


def _ripple(circuit: Circuit) -> float:
    """RMS in the output capacitors of the flyback, together."""
    peak = drain_a(circuit) * TURNS
    reflected = TURNS * (circuit.nets["V5"].high + DIODE_V)
    share = circuit.value("T1") * drain_a(circuit) / reflected * SWITCHED_HZ
    return sqrt(peak**2 * share / 3 - five_volts(circuit) ** 2)


def _budget(circuit: Circuit, low_v: float) -> dict[str, float]:
    """By reference, where the way from the mains to the pins leads; low_v: the bus at its end."""
    mean, peak = rails(circuit)
    rail, v5 = rail_v(circuit), circuit.nets["V5"].high
    bus = peak * rail / (_BUCK * (v5 - DIODE_V))
    emptied = mean * rail / (_BUCK * low_v)
    chip = circuit.placed["U1"].part
    return {
        **{"U1": drain_a(circuit), "T1": 1.1 * chip.amps, "D3": five_volts(circuit)},
        **dict.fromkeys(("C4", "C5"), _ripple(circuit) / 2),
        **{"D1": drain_a(circuit) * LEAK, "D2": 0.005},
        **{"U5": bank_v(circuit) / charging_ohm(circuit), "C10": emptied, "C11": emptied},
        **{"D10": mean / peak * bus, "D11": emptied, "U6": bus},
        **dict.fromkeys(("C12", "C17"), bus * sqrt(BURST * (1 - BURST)) / 2),
        **{"L1": circuit.placed["U6"].part.amps * 1.3, "U7": taken(circuit, "V33")[1]},
        **dict.fromkeys(("C13", "C14"), peak * sqrt(max(rail - low_v, 0) / low_v) / 2),
        **{"Q4": coils(circuit), "D20": coils(circuit)},
        **{"K1": circuit.loads["J5", "CONTACT_A"][1], "K2": circuit.loads["J6", "LOOP_A"][1]},
        **{"FB1": circuit.loads["J10", "SPK_PX"][0], "FB2": circuit.loads["J10", "SPK_NX"][0]},
        **{"FB3": circuit.loads["J3", "SIM_VX"][0], "FB4": circuit.loads["J11", "V5_X"][1]},
    }


def _ends(placed: Placed) -> tuple[str, ...]:
    pins = _THROUGH.get(placed.part.kind)
    return tuple(map(placed.net, pins)) if pins else placed.nets


def _into(circuit: Circuit, net: str, but: tuple[str, ...]) -> float:
    """The most that the other parts on a net can bring to it."""
    if circuit.nets[net].supply:
        return inf
    total = 0.0
    skipped = {tuple(sorted(_ends(circuit.placed[ref]))) for ref in but}
    for placed, pin in circuit.on(net):
        ends = _ends(placed)
        if placed.ref in but or placed.part.kind in _MUTE or tuple(sorted(ends)) in skipped:
            continue
        if placed.part.kind == "res":
            total += circuit.difference(*placed.nets) / placed.part.value
        elif len(ends) == 2 and net in ends:
            other = ends[0] if ends[1] == net else ends[1]
            total += _into(circuit, other, (*but, placed.ref))
        elif pin.kind in "ot":
            total += _PIN_A
        elif pin.kind in "Sc":
            total += inf
    return total


def bounded(circuit: Circuit, placed: Placed) -> float:
    """The most that can flow through a part, as the resistors about it allow; inf without any."""
    if placed.part.kind in ("plug", "terminal", "sim", "antenna"):
        told = [peak for (ref, _), (_, peak) in circuit.loads.items() if ref == placed.ref]
        known = {net for ref, net in circuit.loads if ref == placed.ref} | {OPEN, "GND"}
        nets = [net for net in placed.nets if net not in known]
        return max([_into(circuit, net, (placed.ref,)) for net in nets] + told, default=0.0)
    if placed.part.kind in ("npn", "fet"):
        return _into(circuit, placed.net("C"), (placed.ref,))
    if placed.part.kind == "reference":
        return _into(circuit, placed.net("K"), (placed.ref,))
    return min(_into(circuit, net, (placed.ref,)) for net in _ends(placed))


def amperes(circuit: Circuit, low_v: float) -> dict[str, float]:
    """By reference: the current in everything but what the mains flows through by itself."""
    known = _budget(circuit, low_v)
    return {
        ref: known[ref] if ref in known else bounded(circuit, placed)
        for ref, placed in circuit.placed.items()
    }
