"""States of machines (word and sign: shape and colour, see hanma.css), and the words of alarms."""

from flask_babel import lazy_gettext as _

STATES = {
    "off-unconfirmed": (_("关机未确认"), "alarm"),
    "on": (_("作业中"), "working"),
    "asked": (_("正在开机"), "waiting"),
    "paused": (_("已暂停"), "paused"),
    "preparing": (_("准备中"), "ready"),
    "idle": (_("空闲"), "ready"),
    "unsafe": (_("停用待修"), "stopped"),
    "locked": (_("已锁定"), "stopped"),
    "scrapped": (_("已报废"), "stopped"),
    "unfitted": (_("未装终端"), "offline"),
}

ALARM_KINDS = {
    "TAMPER": _("终端外壳被打开"),
    "BYPASS": _("疑似改装：触点断开却有电流"),
    "RELAY_STUCK": _("触点没有跟着线圈动"),
    "GAS_WARN": _("可燃气体预警"),
    "GAS_TRIP": _("可燃气体超标，已断电"),
    "OVER_TEMP": _("终端过热"),
    "EMERGENCY_ON": _("应急放开"),
    "LOW_SIGNAL": _("信号弱"),
    "JOURNAL_FULL": _("终端记录存满"),
    "UPGRADE_FAILED": _("升级失败"),
    "POWER_TAMPER": _("开着外壳断电"),
    "OFF_UNCONFIRMED": _("关机未确认"),
    "NOT_CLEARED": _("没有按时清理现场"),
    "LONG_ON": _("作业超过一天"),
    "LONG_IDLE": _("开机后长时间不焊"),
    "REMOTE_START": _("人机相距过远，疑似异地开机"),
    "WATCH_AWAY": _("监护人不在"),
    "CERTIFICATE_NEAR_END": _("操作证快到期"),
    "OFFLINE_JOB": _("作业中终端离线"),
    "SUPERIOR_BEHIND": _("向上级平台上报积压"),
    "INTAKE_BEHIND": _("终端消息积压，平台来不及处理"),
    "REPORTED_JOB": _("对接平台上报的作业不合规"),
    "REVIEW_REFUSED": _("重点区域的现场照片两次没通过"),
    "SPECIAL_PERIOD": _("特殊时段内作业"),
    "NUMBER_TWICE": _("两台终端的 IMEI 或 SIM 卡号相同"),
    "REWIRED": _("终端烧录的接法与验收的不同"),
    "SIM_NEAR_END": _("终端 SIM 卡快到期"),
    "INSURANCE_NEAR_END": _("终端产品质量保险快到期"),
    "CYLINDER_SCAN": _("气瓶扫码不合规"),
}
ALARM_STATES = {
    "raised": _("待分派"),
    "assigned": _("待处理"),
    "verified": _("已核实"),
    "closed": _("已办结"),
}
# At which step a welder or fire watch was refused.
STEPS = {
    "apply": _("申请"),
    "check": _("检查"),
    "watch": _("监护"),
    "on": _("开机"),
    "off": _("关机"),
    "clear": _("收工"),
}
