"""What is enforced: the values of each profile, the time limits, the rules with their articles.

Read only: they are kept in `work/profiles/*.toml` and in the settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from flask import render_template
from flask_babel import gettext as _

from cloud.base.settings import Settings
from cloud.link import policies
from cloud.web import visitor
from cloud.web.language import language
from cloud.web.office.blueprint import blueprint
from cloud.web.office.registers import Row
from cloud.work import profiles, rule_table, terminal_policy
from cloud.work.permits import GRADES_H
from cloud.work.profiles import CYLINDER, KEY_ZONE, Profile
from cloud.work.rule_table import NOT_ASKED

Told = Callable[[Profile], Any]
_GRADES = {"short": GRADES_H["first"], "long": GRADES_H["second"]}


@blueprint.get("/office/rules")
def rules() -> str:
    """The values of each profile, the time limits, rule × profile × article; read only."""
    held = [profiles.load(name) for name in profiles.every()]
    settings = visitor.ground().settings
    names = tuple(one.id for one in held)
    return render_template(
        "office/rules.html",
        held=held,
        mine=settings.profile,
        tables=[
            (
                _("各办法的要求和数值"),
                (_("项目"), *names),
                [Row("", (word, *map(told, held))) for word, told in _values(settings)],
            ),
            (
                _("全平台相同的时限"),
                (_("项目"), _("数值")),
                [Row("", row) for row in _limits(settings)],
            ),
            (
                _("每条规则的条款"),
                (_("规则"), *names, _("代码")),
                [_rule(one) for one in rule_table.table(language() == "en")],
            ),
        ],
    )


def _rule(one: dict[str, Any]) -> Row:
    words = re.sub(r"\{\w+\}", "…", one["words"])
    return Row("", (words, *one["articles"].values(), one["code"]))


def _values(settings: Settings) -> Iterator[tuple[str, Told]]:
    """(what, from a profile to its value as it is shown)."""
    yield _("操作证领域不符"), _one_of("certificate_fits", refuse=_("拒绝"), warn=_("提醒"))
    voucher, permit = _("作业票或其他凭证"), _("动火作业票")
    yield _("动火审批"), _one_of("permit", no=NOT_ASKED, voucher=voucher, permit=permit)
    yield _("作业票最长时间"), _permit_hours
    yield _("监护人"), _one_of("fire_watch", no=NOT_ASKED, always=_("每次"))
    yield _("申请时指定监护人"), _is("fire_watch_named")
    yield _("在场证明（报码或蓝牙）"), _is("presence")
    yield _("人脸核验"), _is("face")
    yield _("外来焊工要合同、交底"), _is("contract")
    yield _("培训考试"), _one_of("training", record=_("只记录"), gate=_("过截止日拒绝"))
    yield _("“十不准”"), _is("ten_rules")
    yield _("检查表（开机前 / 监护 / 收工）"), _ticks
    yield _("焊工的现场照片"), _number("site_pictures", lambda count: _("%(n)s 张", n=count))
    yield _("监护人的合影"), _is("joint_photo")
    yield _("照片审核和场所码"), _is("review")
    yield _("监护人签到间隔"), _number("check_in_min")
    yield _("操作证到期前报警"), _number("near_end_days")
    yield _("证件答复多久后重查"), _number("recheck_h")
    yield _("查不到时旧答复可用"), _number("cached_days")
    yield _("新购电焊机赋码期限"), _number("coded_within_days")
    for name, word in _of_terminals():
        yield word, _policy(settings, name)


def _of_terminals() -> Iterator[tuple[str, str]]:
    """(field of the terminal's policy, its word), those that a welder or an officer meets."""
    yield "lease_max_s", _("一次授权最长")
    yield "idle_off_min", _("无电弧多久断电")
    yield "beat_working_s", _("心跳：作业中")
    yield "beat_idle_s", _("心跳：空闲")
    yield "no_contact_s", _("应急放开：失联多久后")
    yield "max_h", _("应急放开：一次最长")
    yield "budget_h", _("应急放开：30 天额度")
    yield "gas_warn", _("可燃气体预警（LEL 百分数）")
    yield "gas_trip", _("可燃气体断电（LEL 百分数）")
    yield "over_temp_c", _("终端过热（℃）")


def _limits(settings: Settings) -> Iterator[tuple[str, str]]:
    for name, word in (
        ("command_life_s", _("开机命令有效")),
        ("off_confirm_s", _("关机未确认报警")),
        ("presence_s", _("报码有效")),
        ("watched_s", _("监护确认后开机")),
        ("pin_fresh_s", _("作业密码输入后有效")),
        ("resume_s", _("暂停后继续")),
        ("clear_s", _("收工后清理、交接后接手")),
        ("unstarted_s", _("申请后没有开机失效")),
        ("long_on_s", _("作业过长报警")),
        ("face_s", _("人脸核验应答")),
    ):
        yield word, _measure(name, getattr(settings, name))


def _one_of(switch: str, **words: str) -> Told:
    return lambda profile: words[getattr(profile, switch)]


def _is(switch: str) -> Told:
    return lambda profile: _("要求") if getattr(profile, switch) else NOT_ASKED


def _number(name: str, shown: Callable[[int], str] | None = None) -> Told:
    """With the unit that is in its name, or as `shown`; 0 = it is not asked for."""

    def told(profile: Profile) -> str:
        count = getattr(profile, name)
        if not count:
            return NOT_ASKED
        return shown(count) if shown else _measure(name, count)

    return told


def _permit_hours(profile: Profile) -> str:
    if profile.permit == "no":
        return NOT_ASKED
    return _("特级、一级 %(short)s 小时，二级 %(long)s 小时", **_GRADES)


def _ticks(profile: Profile) -> str:
    lists = (profile.checklist, profile.watch_checklist, profile.clear_checklist)
    return " / ".join(str(len(one)) for one in lists)


def _policy(settings: Settings, name: str) -> Told:
    """A number of the terminals; also the one in key zones 重点区域, where it is another."""

    def told(profile: Profile) -> str:
        if profile.id.endswith(CYLINDER):  # which has no terminal
            return NOT_ASKED
        zone = profile.id.endswith(KEY_ZONE)
        usual = policies.FIELDS[name][0]
        here, there = (
            _measure(name, terminal_policy.numbers(settings, profile, inside).get(name, usual))
            for inside in (zone, True)
        )
        return (
            here if here == there else _("%(here)s（重点区域 %(there)s）", here=here, there=there)
        )

    return told


def _measure(name: str, value: int) -> str:
    """A number with its unit, which is in the name."""
    if name.endswith("_s"):
        for seconds, unit in ((3600, "_h"), (60, "_min")):
            if value and value % seconds == 0:
                return _measure(unit, value // seconds)
        return _("%(n)s 秒", n=value)
    if name.endswith("_min"):
        return _("%(n)s 分钟", n=value)
    if name.endswith("_h"):
        return _("%(n)s 小时", n=value)
    return _("%(n)s 天", n=value) if name.endswith("_days") else str(value)
