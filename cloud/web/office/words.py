"""States, roles and kinds of the registers, as they are shown."""

from flask_babel import lazy_gettext as _

from cloud.cases.kinds import KINDS

ROLES = {
    "welder": _("焊工"),
    "fire_watch": _("监护人"),
    "enterprise": _("作业单位人员"),
    "technician": _("安装人员"),
    "officer": _("监管人员"),
    "office": _("平台运维"),
    "platform": _("对接平台"),
}
ROLES_TURNED = {
    "roles": _("至少选一个角色；对接平台的账号不能改。"),
    "mixed": _("监管人员和平台运维不能同时是作业、安装或单位人员。"),
    "identity": _("没有登记公民身份号码的账号，不能成为焊工或监护人。"),
    "enterprise": _("不属于作业单位的账号，不能成为单位人员。"),
    "department": _("没有这个部门，或者这个账号不是监管人员。"),
}
PEOPLE = {
    "active": _("在用"),
    "pending": _("待审核"),
    "refused": _("未通过"),
    "blocked": _("已停用"),
}
MACHINES = {
    "usable": _("可用"),
    "unsafe": _("停用待修"),
    "locked": _("已锁定"),
    "scrapped": _("已报废"),
}
# What is done about a machine: the button, and what follows from it.
STANDING = {
    "lock": (_("锁定"), _("进行中的作业马上断电结束，终端锁定，解锁前不能再开机。")),
    "unlock": (_("解锁"), _("终端解锁，可以再申请作业。")),
    "unsafe": (_("停用待修"), _("进行中的作业马上断电结束，终端锁定，恢复可用前不能再开机。")),
    "sound": (_("恢复可用"), _("隐患已经排除，终端解锁，可以再申请作业；另外锁定过的仍然锁定。")),
    "scrapped": (_("报废"), _("不能恢复。进行中的作业马上断电结束，终端锁定，再从终端页面撤下。")),
}
PAPERS = {"normal": _("正常"), "suspended": _("暂扣"), "revoked": _("撤销")}
STOCK = {
    "received": _("已入库"),
    "flashed": _("已烧录"),
    "installed": _("已安装"),
    "returned": _("已退回"),
    "scrapped": _("已报废"),
}
TERMINALS = {"active": _("在用"), "revoked": _("已吊销")}
CAMPAIGNS = {
    "running": _("进行中"),
    "paused": _("已暂停"),
    "stopped": _("失败太多，已停"),
    "done": _("已完成"),
}
BAD_CAMPAIGNS = {
    "wave": _("分批应写成 5,25,100；只在一个区划的写成 990101:25。批与批之间用逗号。"),
    "limit": _("失败多少就停，应是 0 到 100 的整数。"),
    "district": _("行政区划代码不对，应是 2、4、6、9 或 12 位。"),
    "outside": _("批次里的行政区划应在这次升级的辖区之内。"),
    "rising": _("同一个地方的各批，百分比应从 1 到 100 递增。"),
    "last": _("最后一批应是 100，全部不超过 50 批。"),
}
SCALES = {"large": _("大型"), "medium": _("中型"), "small": _("小型"), "micro": _("微型")}
LEDGERS = dict(
    zip(
        KINDS,
        (
            _("作业单位"),
            _("工地"),
            _("人员"),
            _("操作证"),
            _("电焊机"),
            _("外包合同"),
            _("气瓶"),
            _("出厂清单"),
            _("培训"),
            _("特殊时段和培训截止日"),
            _("终端库存"),
            _("电焊机调研信息表"),
            _("行政区划"),
        ),
        strict=True,
    )
)
IMPORTS = {
    "reading": _("正在核对"),
    "judged": _("核对完毕，等您决定"),
    "writing": _("正在写入"),
    "written": _("已写入"),
    "failed": _("没有成功"),
    "cancelled": _("已放弃"),
}
