"""From a complete record to its sheet of paper: what stands where, and in which words."""

from cloud.base.clock import china_day, in_china
from cloud.base.unit import Unit
from cloud.book import media
from cloud.cases import service
from cloud.cases.installing import AGREEMENT
from cloud.cases.service import AFTER, BEFORE, ServiceRecord
from cloud.cases.service_sheet import Sheet, Signed
from cloud.registry import certificates, enterprises, machines, people, training
from cloud.registry.ledgers.people import ISSUERS
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import testing
from cloud.work.gather import certificate_facts

_TITLES = {
    "installation": "电焊机智能终端安装改造记录 Installation record",
    "repair": "电焊机智能终端维修记录 Repair record",
}
_HARDWARE = {"contactor": "接触器 contactor", "thermal": "温控回路 thermal loop"}
_PHASES = {BEFORE: "施工前 before", AFTER: "施工后 after"}
_SIGNED = {"agreement": "业主同意 Owner agrees", "acceptance": "业主验收 Owner accepts"}


def sheet(unit: Unit, record: ServiceRecord) -> Sheet:
    """The sheet of a record; names in clear: it is the owner's own copy. MediaBroken."""
    told = service.read(unit, record)
    times = {one.what: one.at for one in service.entries(unit, record)}
    return Sheet(
        title=_TITLES[record.kind],
        number=record.id,
        facts=[(label, value) for label, value in _facts(unit, record, told) if value],
        clauses=[one.zh for one in AGREEMENT] if "agreement" in told.last else [],
        pictures=[(_PHASES[phase], media.opened(unit, digest)) for phase, digest in told.pictures],
        signatures=[
            Signed(
                words=words,
                name=service.opened_name(unit, told.last[what]["name"]),
                at=_at(times[what]),
                drawn=_drawn(unit, told.last[what]["signature"]),
            )
            for what, words in _SIGNED.items()
            if what in told.last
        ],
        foot="本记录由平台按步骤留存，照片和签名加密保存；每一步的摘要在审计链中可核对。"
        " Each step stands with its digest in the audit trail.",
    )


def _facts(unit: Unit, record: ServiceRecord, told: service.Written) -> list[tuple[str, str]]:
    machine, last = service.machine_of(unit, record), told.last
    owner = enterprises.get(unit, machine.enterprise_id)
    technician = people.known(unit, record.technician_id)
    fitted = last.get("terminal", {})
    done = last.get("work", {})
    test = service.test_of(unit, record)
    phone = machines.masked_phone(unit, machine, "keeper")
    return [
        ("焊机 Machine", f"{machine.name}　{machine.code}"),
        ("业主 Owner", owner.name if owner else ""),
        ("分类 Category", machine.category),
        ("厂家、型号 Make", f"{machine.maker} {machine.model}".strip()),
        ("出厂编号 Serial", machine.serial),
        ("电源 Supply", _supply(machine)),
        ("最大电流 Max. current", f"{machine.max_a} A" if machine.max_a else ""),
        ("应用行业 Use", machine.trade),
        ("责任人 Keeper", f"{machine.keeper} {phone}".strip()),
        ("终端 Terminal", fitted.get("device") or machine.device or ""),
        ("换下的终端 Replaced", fitted.get("instead_of", "")),
        ("接线方式 Hardware", _HARDWARE.get(fitted.get("hardware", ""), "")),
        ("固件 Firmware", fitted.get("fw", "")),
        ("封条 Seal", last.get("seal", {}).get("number", "")),
        ("维修内容 Work done", done.get("done", "")),
        ("更换配件 Parts", done.get("parts", "")),
        ("功能测试 Function test", _test(test, service.read_by_phone(test, told))),
        ("安装人员 Technician", f"{technician.name}　{technician.login}"),
        ("培训考核 Trained", _trained(unit, technician)),
        ("持证 Licence", _licences(unit, technician)),
        ("开始 Begun", _at(record.made_at)),
    ]


def _trained(unit: Unit, technician: Person) -> str:
    last = training.last_pass(unit, technician.id)
    return f"{last.held_on}　{last.organiser}".strip() if last else ""


def _licences(unit: Unit, technician: Person) -> str:
    """The certificates that are good today. Their numbers are masked: they hold that of the
    identity card, and what is left is enough to compare with the card that the owner is shown."""
    today = china_day(unit.now)
    good = [
        f"{one.category}　{ISSUERS[one.issuer]}　{certificates.masked_number(unit, one)}"
        f"　至 until {certificates.last_day(one)}"
        for one in certificates.for_person(unit, technician.id)
        if certificate_facts(unit, one).good(today)
    ]
    return "；".join(good) or "平台没有登记 none registered"


def _supply(machine: Machine) -> str:
    if machine.supply == "other":
        return f"其他 other: {machine.note}"
    return f"{machine.supply} V" if machine.supply else ""


def _test(test: testing.FunctionTest | None, by_phone: bool) -> str:
    if test is None or test.on_at is None or test.off_at is None:
        return ""
    by = "（手机读取，终端未签名 read by phone, not signed by the terminal）" if by_phone else ""
    return (
        f"通电 {_at(test.on_at)}（触点回读闭合），电流 {test.amps} A{by}，"
        f"断电 {_at(test.off_at)}（触点回读断开） on, {test.amps} A, off: passed"
    )


def _drawn(unit: Unit, digest: str) -> bytes | None:
    return media.opened(unit, digest) if digest else None


def _at(ms: int) -> str:
    return in_china(ms).strftime("%Y-%m-%d %H:%M:%S")
