"""What is said of a technician's records: steps, states of a test, and why something cannot be."""

from __future__ import annotations

from flask_babel import gettext as _

from cloud.cases.service import NotNow
from cloud.web.language import language
from cloud.web.trouble import Trouble
from cloud.work.rules import SAYINGS


def kinds() -> dict[str, str]:
    return {"installation": _("安装改造"), "repair": _("维修")}


def hardware() -> dict[str, str]:
    return {"contactor": _("接触器"), "thermal": _("温控回路")}


def wiring() -> dict[str, str]:
    """The wiring pictures, by their names in the address."""
    return {
        "single-phase": _("单相 220 V"),
        "three-phase": _("三相 380 V"),
        "contactor": _("外置接触器箱"),
        "thermal-loop": _("温控回路"),
    }


def steps() -> dict[str, str]:
    """Each step of a record, as the page's heading names it."""
    return {
        "agreement": _("业主签同意书"),
        "picture-before": _("施工前拍照"),
        "terminal": _("装上终端"),
        "seal": _("贴封条"),
        "work": _("维修内容"),
        "picture-after": _("施工后拍照"),
        "test": _("功能测试"),
        "acceptance": _("业主验收签字"),
        "document": _("生成记录"),
        "machine": _("焊机资料"),
    }


def also() -> dict[str, str]:
    """What a record may have besides."""
    return {
        "machine": _("焊机资料"),
        "picture-before": _("施工前拍照"),
        "terminal": _("换终端"),
        "seal": _("换封条"),
    }


def machine() -> dict[str, str]:
    """What is asked of the machine, by column of its ledger."""
    return {
        "keeper": _("责任人"),
        "keeper_phone": _("责任人电话"),
        "supply": _("焊机用电类型"),
        "trade": _("应用行业"),
        "category": _("设备分类"),
        "maker": _("生产厂家"),
        "model": _("型号"),
        "serial": _("出厂编号"),
        "mains_max_a": _("最大电流安数"),
        "max_a": _("焊机最大电流"),
        "max_w": _("焊机最大功率（千瓦）"),
        "source": _("电源类型"),
        "purpose": _("作业用途"),
        "note": _("备注"),
    }


def supplies() -> dict[str, str]:
    return {"220": "220 V", "380": "380 V", "220/380": "220/380 V", "other": _("其他，见备注")}


def sources() -> dict[str, str]:
    return {
        "ac": _("交流"),
        "dc": _("直流"),
        "inverter": _("逆变"),
        "other": _("其他，见备注"),
    }


def test(state: str, measured: bool) -> str:
    """Where a function test stands, in one line; `measured` = a current was told."""
    if state == "on" and measured:
        return _("已测得电流。请停焊，按断电。")
    return {
        "asked": _("已发出通电命令，等终端应答。"),
        "on": _("已通电：触点回读为闭合。请试焊一下，让终端量到电流。"),
        "off-asked": _("已发出断电命令，等终端确认。"),
        "passed": _("测试通过：通电、测得电流、断电都已确认。"),
        "no-current": _(
            "通电和断电都正常，但没有测到电流。请检查电流互感器，通电时试焊一下，再测一次。"
        ),
        "unconfirmed": _("终端没有确认断电。终端最多一分钟自行断电；请看焊机确实断电，再测一次。"),
        "failed": _("测试没有完成。"),
    }[state]


def failed(word: str) -> list[str]:
    """Why a test could not be made, and what to do: the words of the refusals."""
    said = SAYINGS.get(word)
    return [one.en if language() == "en" else one.zh for one in said] if said else []


def not_now(error: NotNow) -> Trouble:
    """A 422 that says what stands in the way."""
    back = _("请返回上一页。")
    words, todo = {
        "finished": (_("这份记录已经完成，不能再改。"), _("需要更正的，请另做一份维修记录。")),
        "scrapped": (_("这台设备不能安装终端：已报废，或是气瓶。"), back),
        "no-terminal": (_("这台焊机还没有安装智能终端。"), _("请先做安装记录。")),
        "terminal-unknown": (
            _("没有这个终端，或者它已停用。"),
            _("请核对终端二维码下面的编号；新终端要先烧录注册。"),
        ),
        "terminal-elsewhere": (
            _("这个终端已经装在另一台焊机上。"),
            _("请核对终端编号；确实要移装的，请联系平台。"),
        ),
        "machine-fitted": (
            _("这台焊机已经装了另一个终端。"),
            _("请核对焊机和终端；要换终端的，请做维修记录。"),
        ),
        "machine-busy": (_("这台焊机上有未结束的作业。"), _("请等焊工结束作业后再装。")),
        "terminal-scrapped": (_("这个终端已退库或报废，不能安装。"), _("请换一个终端。")),
        "flashed-contactor": (
            _("这个终端是按“接触器”烧录的，和选的接线方式不一样。"),
            _(
                "请看实际接线：确是接触器，就改选“接触器”；确是温控回路，"
                "请运行 ./flash.sh --hardware thermal 重新写入后再装。"
            ),
        ),
        "flashed-thermal": (
            _("这个终端是按“温控回路”烧录的，和选的接线方式不一样。"),
            _(
                "请看实际接线：确是温控回路，就改选“温控回路”；确是接触器，"
                "请运行 ./flash.sh --hardware contactor 重新写入后再装。"
            ),
        ),
        "picture-known": (_("这张照片已经用过。"), _("请在现场重新拍一张。")),
        "picture-many": (_("照片已经够多。"), _("请做下一步。")),
        "missing": (_("前面还有步骤没有完成。"), _("请按顺序做完再签字。")),
    }[str(error)]
    return Trouble(422, "service-not-now", words, todo)


def untrained() -> Trouble:
    return Trouble(
        403,
        "technician-untrained",
        _("没有您半年内培训考试合格的记录，不能安装和维修。"),
        _("请参加培训考试，由平台登记后再来。"),
    )
