"""What a decision rests on: plain values, gathered once, judged without looking anywhere else."""

from dataclasses import dataclass
from datetime import date, datetime

from cloud.base.clock import CHINA, china_day
from cloud.base.formats import for_welding

DAY_MS = 86_400_000

FIELD_OF_ISSUER = {"emergency": "industry", "housing": "construction", "market": "special"}


@dataclass(frozen=True)
class PersonFacts:
    """`phone` = blind index of the phone number; `busy` = welds or watches another open job."""

    id: str
    roles: frozenset[str]
    active: bool
    enterprise_id: str | None = None
    phone: str | None = None
    busy: bool = False

    def is_same(self, id: str, phone: str | None) -> bool:
        """Whether that is this person's account, or a second one: with the same telephone."""
        return self.id == id or (phone is not None and phone == self.phone)


@dataclass(frozen=True)
class CertificateFacts:
    """Dates are days in China, both ends good; `review_by` None = no review wanted.

    `asks` = its issuer's register can be asked; `answered_at` = when that last answered, and
    `known` = it knew the certificate. Without a register the office's entry stands.
    """

    issuer: str
    category: str
    valid_from: date
    valid_to: date
    review_by: date | None
    status: str
    asks: bool = False
    answered_at: int | None = None
    known: bool = True

    @property
    def welding(self) -> bool:
        return for_welding(self.category)

    @property
    def last_day(self) -> date:
        return min(self.valid_to, self.review_by or self.valid_to)

    def good(self, today: date) -> bool:
        normal = self.known and self.status == "normal"
        return normal and self.valid_from <= today <= self.last_day

    def age_ms(self, now: int) -> int | None:
        """How old the register's answer is: 0 where none is asked for, None = never answered."""
        if not self.asks:
            return 0
        return None if self.answered_at is None else now - self.answered_at


@dataclass(frozen=True)
class MachineFacts:
    """`terminal` = missing | dark | ready | none (a cylinder); `busy` = another job is open
    on it; `test_by` = last day before a cylinder's next test."""

    id: str
    enterprise_id: str
    industry: str
    status: str = "usable"
    terminal: str = "ready"
    busy: bool = False
    cylinder: bool = False
    test_by: date | None = None


@dataclass(frozen=True)
class PermitFacts:
    """An approved permit; the window is epoch ms, the end excluded. `approvers_phone` = blind
    index, as in PersonFacts."""

    window_from: int
    window_to: int
    approved_by: str
    approvers_phone: str | None = None

    def covers(self, now: int) -> bool:
        return self.window_from <= now < self.window_to


@dataclass(frozen=True)
class ContractFacts:
    """The contract under which somebody works for `client_id`; days in China, both ends good.

    `briefed` = the client's briefing was confirmed by this welder.
    """

    client_id: str
    starts_on: date
    ends_on: date
    ended: bool = False
    briefed: bool = False


@dataclass(frozen=True)
class ReviewFacts:
    """In key zones: whether the pictures were passed, and who gave in the venue's code."""

    passed: bool = False
    scanned_by: str = ""


@dataclass(frozen=True)
class ProofFacts:
    """The PIN of whoever acts: when it was last typed rightly on this phone.

    `word` = empty, or missing, wrong, spent; `left` = tries left after a wrong one.
    """

    proved_at: int | None = None
    word: str = ""
    left: int = 0

    def fresh(self, now: int, fresh_s: int) -> bool:
        return self.proved_at is not None and now < self.proved_at + fresh_s * 1000


UNPROVED = ProofFacts()


@dataclass(frozen=True)
class Facts:
    """One attempt at one step: `apply`, `check`, `watch` or `on`. None = did not happen yet.

    `face_by` = who found that it is this welder: verifier or fire-watch, empty = nobody.
    `named` = whom the application names as the fire watch.
    `planned` = the time that the application names, epoch ms, (from, until); it begins at most
    `ahead_s` from now and lasts as long as its permit, without one `longest_s` at most.
    `before_off` = nothing may still work for a job before this one on the machine.
    """

    step: str
    now: int
    welder: PersonFacts
    machine: MachineFacts
    certificates: tuple[CertificateFacts, ...] = ()
    permit: PermitFacts | None = None
    voucher: str = ""
    ticks: frozenset[str] = frozenset()
    ten_rules_read: bool = False
    site_pictures: int = 0
    welder_present: bool = False
    fire_watch: PersonFacts | None = None
    watch_ticks: frozenset[str] = frozenset()
    joint_photo: bool = False
    fire_watch_present: bool = False
    watched_at: int | None = None
    resuming: bool = False
    watched_s: int = 600
    proof: ProofFacts = UNPROVED
    pin_fresh_s: int = 300
    contract: ContractFacts | None = None
    contract_named: bool = False
    review: ReviewFacts | None = None
    venue_id: str | None = None
    trained_on: date | None = None
    training_by: date | None = None
    before_off: bool = True
    planned: tuple[int, int | None] | None = None
    ahead_s: int = 7200
    longest_s: int = 43_200
    face_by: str = ""
    named: PersonFacts | None = None

    @property
    def today(self) -> date:
        return china_day(self.now)


def end_of_china_day(day: date) -> int:
    """Epoch ms of the midnight after this day in China."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=CHINA)
    return int(midnight.timestamp() * 1000) + DAY_MS
