"""The twelve invariants, judged over a trial's history and the book it left. Pure.

`judge(Trial)` gives, per invariant, the sentences that say where it does not hold. Times are
epoch ms of the machine on which the trial ran; what stands in the book is in the cloud's own
time, which a fault may move, and is reckoned back (`Trial.real`).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Note = dict[str, Any]

_OVER = ("ended", "cleared", "refused", "cancelled", "expired")
_HANDED_IN = {
    "permits": "id",
    "imports": "id",
    "dates": "name",
    "reported": "number",
    "pictures": "digest",
}
_ELSEWHERE = ("-people", "register-down")  # faults that touch no terminal
_SAME_MS = 2_000  # two clocks and a queue between two processes
_DONE = {
    "apply": {"job-applied", "job-permitted"},
    "check": {"job-checked"},
    "watch": {"job-watched"},
    "on": {"on-asked"},
    "off": {"job-ended", "job-cancelled", "job-expired"},
    "clear": {"job-cleared"},
}


@dataclass(frozen=True)
class Limits:
    """What was set in the trial, ms. `correction` = by what a heartbeat may move the estimate."""

    life: int
    silence: int
    off_confirm: int
    presence: int
    correction: int = 5_000
    slack: int = 12_000


@dataclass
class Trial:
    """`notes` in order of time, `book` as book.read gives it, `figures` = what the status pages
    said at the end, by district, `today` = ISO date."""

    notes: list[Note]
    book: dict[str, list[dict[str, Any]]]
    limits: Limits
    figures: dict[str, dict[str, int]] = field(default_factory=dict)
    looks: dict[str, str] = field(default_factory=dict)
    machines: dict[str, str] = field(default_factory=dict)
    today: str = ""

    def of(self, *whats: str) -> Iterator[Note]:
        return (one for one in self.notes if one["what"] in whats)

    def real(self, at: int) -> int:
        """The cloud's time as this machine's; where two would do, the earlier clock holds."""
        first = min((one["t"] for one in self.notes), default=0)  # an hour back is before it
        jumps = [(first, 0), *((one["t"], one["error_ms"]) for one in self.of("clock"))]
        ends = [t for t, _error in jumps[1:]] + [1 << 62]
        for (begins, error), ends_at in zip(jumps, ends, strict=True):
            if begins - _SAME_MS <= at - error <= ends_at + _SAME_MS:
                return at - error
        return at

    def troubled_ms(self, begin: int, end: int) -> int:
        """For how long a fault between terminals and book stood, with the time to get over it."""
        return sum(
            max(0, min(end, one["until"] + self.limits.slack) - max(begin, one["t"]))
            for one in self.of("fault")
            if not one["kind"].endswith(_ELSEWHERE) and not one["kind"].startswith("web-")
        )

    def audit(self, *whats: str) -> Iterator[dict[str, Any]]:
        return (row for row in self.book["audit"] if row["what"] in whats)


def judge(trial: Trial, names: Collection[str] = ()) -> dict[str, list[str]]:
    """Where each invariant (or those named) does not hold; all lists empty = it was kept."""
    return {name: list(INVARIANTS[name](trial)) for name in names or INVARIANTS}


# --- the relay ----------------------------------------------------------------------------------


def relay_only_after_the_gate(trial: Trial) -> Iterator[str]:
    """I1: every closing has a decision with all steps before it, and two people."""
    jobs = {job["id"]: job for job in trial.book["jobs"]}
    people = {one["id"]: one for one in trial.book["people"]}
    steps = defaultdict(dict)
    for row in trial.book["audit"]:
        steps[row["subject"]].setdefault(row["what"], row["at"])
    for move in trial.of("relay"):
        if not move["relay"] or move["cause"] == "release":
            continue
        where, job = f"{move['device']} {move['job']}", jobs.get(move["job"])
        if job is None or job["device"] != move["device"]:
            yield f"{where}: the relay closed for no job of this machine"
            continue
        had = steps[job["id"]]
        for step in ("job-checked", "job-watched", "on-asked"):
            if step not in had:
                yield f"{where}: the relay closed without {step}"
            elif trial.real(had[step]) > move["t"] + _SAME_MS:
                yield f"{where}: {step} came after the relay"
        yield from _two_people(where, job, people)
    yield from _entitled(trial)
    yield from _heard_codes(trial)


def _two_people(where: str, job: dict[str, Any], people: dict[str, Any]) -> Iterator[str]:
    welder, watch = people.get(job["welder_id"]), people.get(job["fire_watch_id"])
    if welder is None or watch is None or welder["id"] == watch["id"]:
        yield f"{where}: not two people"
    elif welder["phone_blind"] and welder["phone_blind"] == watch["phone_blind"]:
        yield f"{where}: two accounts of one phone"


def _entitled(trial: Trial) -> Iterator[str]:
    """Whoever was let in holds a certificate that is good today."""
    good = {
        one["person_id"]
        for one in trial.book["certificates"]
        if one["valid_from"] <= trial.today <= one["valid_to"]
    }
    for job in trial.book["jobs"]:
        if job["state"] != "refused" and job["welder_id"] not in good:
            yield f"{job['id']}: opened by a welder without a valid certificate"


def _heard_codes(trial: Trial) -> Iterator[str]:
    """A check or watch that went well was made with a code spoken at that machine."""
    devices = {f"/m/{one['code']}": one["device"] for one in trial.book["machines"]}
    spoken: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for one in trial.of("spoken"):
        spoken[one["device"]].append((one["t"], _digits(one["words"])))
    for answer in trial.of("answered"):
        page, _, what = answer["path"].rpartition("/")
        if what not in ("check", "watch") or answer["status"] != 200 or not answer.get("code"):
            continue
        since = answer["t"] - trial.limits.presence - trial.limits.slack
        known = spoken[devices.get(page, "")]
        if not any(at >= since and code == answer["code"] for at, code in known):
            yield f"{answer['path']}: {answer['who']} got through with a code that was not spoken"


def _digits(words: str) -> str:
    return "".join(
        str("零一二三四五六七八九".index(one))
        for one in re.findall("[零一二三四五六七八九]", words)
    )


def one_job_a_machine(trial: Trial) -> Iterator[str]:
    """I2: the trail never shows two open jobs on one machine."""
    machines = {job["id"]: job["machine_id"] for job in trial.book["jobs"]}
    open_on: dict[str, set[str]] = defaultdict(set)
    for row in sorted(trial.book["audit"], key=lambda row: (row["district"], row["seq"])):
        machine = machines.get(row["subject"])
        if machine is None or not row["what"].startswith(("job-", "on-", "off-", "recorded-")):
            continue
        state = row["details"].get("state", row["what"].removeprefix("job-"))
        if state in _OVER:
            open_on[machine].discard(row["subject"])
        elif row["what"] in ("job-applied", "job-permitted"):
            open_on[machine].add(row["subject"])
            if len(open_on[machine]) > 1:
                yield f"machine {machine}: {sorted(open_on[machine])} are open at once"


def each_command_once(trial: Trial) -> Iterator[str]:
    """I3: no command was obeyed, or moved a relay, twice."""
    obeyed = Counter((one["device"], one["id"]) for one in trial.of("obeyed"))
    moved = Counter(
        (one["device"], one["cause"]) for one in trial.of("relay") if one["cause"] not in _OWN
    )
    for (device, id), times in obeyed.items():
        if times > 1:
            yield f"{device}: {id} was obeyed {times} times"
    for (device, id), times in moved.items():
        if times > 2:  # an ON may open the relay of another job before
            yield f"{device}: {id} moved the relay {times} times"


_OWN = ("power", "release", "lease", "")


def no_command_after_its_life(trial: Trial) -> Iterator[str]:
    """I4: an ON is obeyed within its life, by the terminal's clock and by the wall's."""
    for one in trial.of("obeyed"):
        if (one["name"], one["code"]) != ("switch", "1"):
            continue
        if one["up"] > one["x"]:
            late = one["up"] - one["x"]
            yield f"{one['device']}: {one['id']} was obeyed {late} ms after its end"
        if not str(one["id"]).startswith("forged"):
            longest = trial.limits.life + trial.limits.correction + _SAME_MS
            lived = one["t"] - trial.real(one["iat"])
            if lived > longest:
                yield f"{one['device']}: {one['id']} was obeyed {lived} ms after it was made"


def each_move_in_the_book(trial: Trial) -> Iterator[str]:
    """I5: every move of a relay stands in the book exactly once, none besides; the trail holds."""
    kept = {(e["device"], e["log"], e["seq"]): e for e in trial.book["entries"]}
    if len(kept) != len(trial.book["entries"]):
        yield "an entry of a journal stands in the book twice"
    wanted = {"power": "boot", "release": "emergency"}
    for move in trial.of("relay"):
        entry = kept.get((move["device"], move["log"], move["seq"]))
        kind = wanted.get(move["cause"], "on" if move["relay"] else "off")
        if entry is None or not entry["kind"].startswith(kind):
            yield f"{move['device']}: its move {move['seq']} ({kind}) is not in the book"
    closed = defaultdict(list)
    for move in trial.of("relay"):
        if move["relay"]:
            closed[move["job"]].append(move["t"])
    for row in trial.audit("job-on"):
        at = trial.real(row["at"]) + _SAME_MS
        if not any(moved <= at for moved in closed[row["subject"]]):
            yield f"{row['subject']}: the book says on, and the relay never closed"
    for finding in trial.book["findings"]:
        yield f"the audit trail: {finding['row']} {finding['what']}"


# --- terminals, alarms, records -----------------------------------------------------------------


def off_line_in_time(trial: Trial) -> Iterator[str]:
    """I6: a silent terminal is told off line in time, one that talks never is."""
    said: dict[str, list[int]] = defaultdict(list)
    for one in trial.of("saying"):
        said[one["device"]].append(one["t"])
    heard: dict[str, list[int]] = defaultdict(list)
    for one in trial.of("said"):
        heard[one["device"]].append(one["t"])
    gone: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for event in trial.book["events"]:
        if event["kind"] == "terminal-offline":
            reason = event["details"].get("reason", "")
            gone[event["subject"]].append((trial.real(event["at"]), reason))
    for device, times in said.items():
        yield from _too_late(trial, device, times, [at for at, _reason in gone[device]])
    for device, told in gone.items():
        yield from _false(trial, device, heard[device], told)


def _too_late(trial: Trial, device: str, said: list[int], gone: list[int]) -> Iterator[str]:
    for last, next_one in pairwise(said):
        limit = trial.limits.silence + trial.limits.slack + trial.troubled_ms(last, next_one)
        if next_one - last > limit and not any(last - _SAME_MS <= at <= next_one for at in gone):
            yield f"{device}: silent for {next_one - last} ms, and never told off line"


def _false(
    trial: Trial, device: str, heard: list[int], told: list[tuple[int, str]]
) -> Iterator[str]:
    """Off line although it talked all the while, and nothing was wrong with it or the line."""
    own = [one["t"] for one in trial.of("power", "line-lost") if one["device"] == device]
    for at, reason in told:
        begin = at - trial.limits.silence
        talked = [one for one in heard if begin <= one <= at + 1_000]
        steady = talked and all(
            after - before < 5_000
            for before, after in zip([begin, *talked], [*talked, at], strict=True)
        )
        disturbed = any(at - 2 * trial.limits.silence <= one <= at + 1_000 for one in own)
        wrong = trial.troubled_ms(at - 2 * trial.limits.silence, at + 1_000)
        if steady and not disturbed and not wrong:
            yield f"{device}: told off line ({reason}) while it talked"


def nothing_acknowledged_is_lost(trial: Trial) -> Iterator[str]:
    """I7: what was answered with `stored` or 2xx stands in the book."""
    kept = {(e["device"], e["log"], e["seq"]) for e in trial.book["entries"]}
    stored: dict[tuple[str, str], int] = {}
    for one in trial.of("stored"):
        key = (one["device"], one["log"])
        stored[key] = max(stored.get(key, 0), one["to"] or 0)
    for (device, log), to in stored.items():
        lost = [seq for seq in range(1, to + 1) if (device, log, seq) not in kept]
        if lost:
            yield f"{device}: entries {lost[:5]} were stored, and are not in the book"
    there = {name: {row[key] for row in trial.book[name]} for name, key in _HANDED_IN.items()}
    for one in trial.of("kept"):
        if one["key"] not in there[one["table"]]:
            yield f"{one['table']}: {one['key']} was taken, and is not in the book"
    had = defaultdict(set)
    for row in trial.book["audit"]:
        had[row["subject"]].add(row["what"])
    for answer in trial.of("answered"):
        what = answer["path"].rpartition("/")[2]
        job = answer.get("job") or (answer.get("shown") or {}).get("job")
        mine = answer["method"] == "POST" and answer["status"] == 200 and what in _DONE
        if mine and job and not had[job] & _DONE[what]:
            yield f"{answer['path']}: {answer['who']} was told 200 about {job}, and it is gone"


def alarms_once_each(trial: Trial) -> Iterator[str]:
    """I8: no alarm is lost, and none stands twice."""
    held: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    open_now: Counter[tuple[str, str]] = Counter()
    for alarm in trial.book["alarms"]:
        key = (alarm["subject"], alarm["kind"])
        held[key].update(alarm["seqs"]["seqs"])
        open_now[key] += alarm["closed_at"] is None
    for key, count in open_now.items():
        if count > 1:
            yield f"{key[0]}: {key[1]} is open {count} times"
    noted = defaultdict(list)
    for one in trial.of("entry"):
        if one["kind"] == "alarm":
            noted[(one["device"], one["alarm"])].append(one["seq"])
    for (device, kind), seqs in noted.items():
        counted = held[(device, kind)]
        for seq in seqs[-20:]:  # an alarm keeps the last 32 numbers
            if counted[seq] != 1:
                yield f"{device}: {kind} number {seq} was counted {counted[seq]} times"


def figures_are_true(trial: Trial) -> Iterator[str]:
    """I9: the status pages say what a recount gives."""
    for district, told in trial.figures.items():
        here = [m["id"] for m in trial.book["machines"] if m["district"].startswith(district)]
        jobs = [job for job in trial.book["jobs"] if job["machine_id"] in here]
        right = {
            "machines": len(here),
            "working": sum(job["state"] == "on" for job in jobs),
            "attention": sum(
                job["state"] in _OVER
                and job["off_alarm_at"] is not None
                and job["off_confirmed_at"] is None
                for job in jobs
            ),
        }
        for name, count in right.items():
            if told.get(name) != count:
                yield f"{district}: {name} {told.get(name)} on the page, {count} in the book"


def nobody_sees_another_district(trial: Trial) -> Iterator[str]:
    """I10: no answer shows a machine of elsewhere."""
    for answer in trial.of("answered", "listed"):
        place = trial.looks.get(answer.get("who", ""))
        if place is None or answer["status"] != 200:
            continue
        found = re.match(r"/m/([^/]+)", answer["path"])
        codes = answer.get("codes", [found[1]] if found else [])
        for code in codes:
            if not trial.machines.get(code, "").startswith(place):
                yield f"{answer['who']} of {place} was shown {code} by {answer['path']}"


def stop_stops_or_alarms(trial: Trial) -> Iterator[str]:
    """I11: after the end of a job the relay opens in time, or there is an alarm."""
    moves = defaultdict(list)
    for one in trial.of("relay"):
        moves[one["device"]].append((one["t"], one["relay"], one["job"]))
    ends = {one["device"]: one for one in trial.of("end")}
    last = max((one["t"] for one in trial.of("end")), default=0)
    alarmed = {a["job_id"] for a in trial.book["alarms"] if a["kind"] == "OFF_UNCONFIRMED"}
    for row in trial.audit("job-ended"):
        job = next(one for one in trial.book["jobs"] if one["id"] == row["subject"])
        at, device = trial.real(row["at"]), job["device"]
        mine = [(t, relay) for t, relay, of in moves[device] if of in (job["id"], "")]
        closed = [t for t, relay in mine if relay and t <= at]
        opened = [t for t, relay in mine if not relay and (not closed or t > closed[-1])]
        if not closed or (opened and opened[0] <= at):
            opened = [at]
        limit = at + trial.limits.off_confirm + trial.limits.slack
        until = opened[0] if opened else last
        late = until - limit - trial.troubled_ms(at, until)
        if late > 0 and job["id"] not in alarmed:
            yield f"{device}: {job['id']} ended, its relay did not open in time, and no alarm"
        end = ends.get(device)
        if end and end["relay"] and end["job"] == job["id"]:
            yield f"{device}: the relay is closed at the end for {job['id']}, which is over"


def releases_in_the_record(trial: Trial) -> Iterator[str]:
    """I12: every emergency release stands in the audit trail, begin and end."""
    kept = {
        (row["what"], row["details"].get("device"), row["details"].get("seq"))
        for row in trial.audit("emergency-on", "emergency-off")
    }
    for one in trial.of("entry"):
        what = one["kind"].replace("_", "-")
        if what.startswith("emergency") and (what, one["device"], one["seq"]) not in kept:
            yield f"{one['device']}: {what} number {one['seq']} is not in the trail"


INVARIANTS: dict[str, Callable[[Trial], Iterator[str]]] = {
    "I1": relay_only_after_the_gate,
    "I2": one_job_a_machine,
    "I3": each_command_once,
    "I4": no_command_after_its_life,
    "I5": each_move_in_the_book,
    "I6": off_line_in_time,
    "I7": nothing_acknowledged_is_lost,
    "I8": alarms_once_each,
    "I9": figures_are_true,
    "I10": nobody_sees_another_district,
    "I11": stop_stops_or_alarms,
    "I12": releases_in_the_record,
}

# Once broken, nothing that comes later mends them: they may be judged while the trial goes on.
LASTING = ("I1", "I2", "I3", "I4", "I7", "I10")
