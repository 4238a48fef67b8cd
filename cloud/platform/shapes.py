"""The bodies of Way 2, each field with its type and limits (CQ annex 2.3(2)).

Times are epoch milliseconds, UTC. Ids are those that the queries give.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

DIGEST = "^[0-9a-f]{64}$"
Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
Words = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]
Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)", description="an id that a query gave")]
Device = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_-]{1,128}$(?!\n)", description="设备编号 id of the terminal")
]
Number = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9_.:-]{1,64}$(?!\n)", description="the caller's own job number"),
]
Digest = Annotated[
    str, Meta(pattern=rf"{DIGEST}(?!\n)", description="a picture that was brought to /media")
]
Uscc = Annotated[
    str,
    Meta(
        pattern=r"^([0-9A-Z]{18}|W[0-9A-Z]{14})$(?!\n)",
        description="统一社会信用代码, or the platform's number of who has none",
    ),
]
District = Annotated[
    str,
    Meta(
        pattern=r"^([0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{6}P[0-9]{2}([0-9]{3})?)$(?!\n)",
        description="行政区划 district code",
    ),
]
Time = Annotated[int, Meta(ge=1_577_836_800_000, le=4_102_444_800_000, description="epoch ms")]
Identity = Annotated[
    str, Meta(pattern=r"^[0-9]{17}[0-9X]$(?!\n)", description="公民身份号码, only in a body")
]
Limit = Annotated[int, Meta(ge=1, le=200)]
JobAfter = Annotated[str, Meta(pattern=r"^[0-9]{13}:[0-9a-f]{32}$(?!\n)")]


class Body(Struct, frozen=True):
    """Unknown fields are passed over."""


# --- parts --------------------------------------------------------------------------------------


class Position(Body):
    """当前定位: degrees in the datum that is named."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lng: Annotated[float, Meta(ge=-180, le=180)]
    datum: Literal["WGS84", "GCJ02"] = "WGS84"
    source: Literal["lbs", "gnss", ""] = ""
    accuracy_m: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    at: Time | None = None


class Worker(Body):
    """作业人员: who welds, and by whose certificate."""

    id: Id
    issuer: Literal["emergency", "housing", "market"] = "emergency"


class Permit(Body, tag_field="type", tag="permit"):
    """动火作业票."""

    number: Text
    grade: Literal["special", "first", "second"]
    window_from: Time
    window_until: Time
    approved_by: Text | None = None
    picture: Digest | None = None


class Voucher(Body, tag_field="type", tag="voucher"):
    """其他作业凭证: what stands in for a permit."""

    kind: Text
    number: Text
    picture: Digest | None = None


class Line(Body):
    """One point that the fire watch looked at."""

    point: Text
    good: bool


# --- reports ------------------------------------------------------------------------------------


class DeviceStatus(Body):
    """设备状态: where it is, on or off, on-line or off-line."""

    device: Device
    at: Time
    online: bool
    relay: Annotated[bool, Meta(description="开关机状态: true = on")]
    position: Position | None = None


class DeviceStatuses(Body):
    """设备状态上报: all of them or none."""

    statuses: Annotated[list[DeviceStatus], Meta(min_length=1, max_length=100)]


class JobApplication(Body):
    """作业申请上报: what is announced before the work begins. A permit or another voucher."""

    number: Number
    device: Device
    welders: Annotated[list[Worker], Meta(min_length=1, max_length=10)]
    site: Text
    work: Text
    planned_from: Time
    planned_until: Time
    proof: Permit | Voucher | None
    pictures: Annotated[list[Digest], Meta(max_length=9)]
    district: District | None = None
    position: Position | None = None


class FireWatchRecord(Body):
    """作业监护信息上报: who watches, what was confirmed on site, the joint photo."""

    job: Number
    fire_watch: Id
    confirmed_at: Time
    site_safe: bool
    joint_photo: Digest | None
    lines: Annotated[list[Line], Meta(max_length=50)] = []
    words: Words = ""
    position: Position | None = None


class JobResult(Body):
    """作业信息上报: begin, end, where the machine was at the end. No begin = it never began."""

    job: Number
    ended_at: Time
    position: Position | None
    started_at: Time | None = None
    reason: Words = ""
    cleared: bool | None = None


class Lookup(Body):
    """Whose ids are wanted; the answer keeps the order."""

    identities: Annotated[list[Identity], Meta(min_length=1, max_length=100)]


# --- queries ------------------------------------------------------------------------------------


class Query(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every list takes."""

    limit: Limit = 100
    enterprise: Uscc | None = None


class TerminalQuery(Query, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """焊机智能物联终端. `after` = `next` of the page before, here and in every list."""

    after: Device | None = None
    device: Device | None = None


class PeopleQuery(Query, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """焊工、监护人员."""

    after: Id | None = None


class JobQuery(Query, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """作业记录: what this platform itself has reported."""

    after: JobAfter | None = None
    number: Number | None = None
    device: Device | None = None
    state: Literal["applied", "watched", "ended", "cancelled"] | None = None
    since: Annotated[Time, Meta(description="reported at or after")] | None = None
    until: Annotated[Time, Meta(description="reported before")] | None = None


class NoQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing may be asked for."""


class MediaQuery(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a picture is of."""

    kind: Literal["site", "joint", "permit"] = "site"


# --- answers ------------------------------------------------------------------------------------


class Terminal(Struct, frozen=True):
    """One terminal and its machine."""

    device: str
    machine: Annotated[str, Meta(description="code on the machine's sticker")]
    name: str
    enterprise: str
    district: str
    category: str
    status: str
    fitted_at: int | None
    online: bool | None
    relay: bool | None
    state_at: int | None


class PersonFound(Struct, frozen=True):
    """One person, masked; `certified_until` = ISO date, the latest of good certificates."""

    id: str
    name: str
    identity: str
    enterprise: str
    status: str
    certified_until: str | None = None


class Terminals(Struct, frozen=True):
    """A page of terminals; `next` = `after` of the next page."""

    items: list[Terminal]
    next: str | None = None


class People(Struct, frozen=True):
    """A page of people."""

    items: list[PersonFound]
    next: str | None = None


class Found(Struct, frozen=True):
    """The id of each identity number in the order asked for; null = not registered with you."""

    ids: list[str | None]


class JobRecord(Struct, frozen=True):
    """One job as it was reported, and what does not fit the rules (`findings`)."""

    id: str
    number: str
    state: str
    enterprise: str
    device: str
    findings: list[str]
    reported_at: int
    changed_at: int
    application: dict[str, Any]
    watch: dict[str, Any] | None
    result: dict[str, Any] | None


class JobRecords(Struct, frozen=True):
    """A page of jobs."""

    items: list[JobRecord]
    next: str | None = None


class Taken(Struct, frozen=True):
    """The job as it stands after the report."""

    id: str
    number: str
    state: str
    findings: list[str]


class StatusesTaken(Struct, frozen=True):
    """`late` = those of them that came after a later one and changed nothing."""

    taken: int
    late: int


class Brought(Struct, frozen=True):
    """The picture as it is kept: `digest` is what reports name it by."""

    digest: str
    size: int
    width: int
    height: int


class Fault(Struct, frozen=True):
    """`error` = stable code, `field` = which field it is about, `wait_s` = when to come again."""

    error: str
    field: str = ""
    wait_s: int = 0
