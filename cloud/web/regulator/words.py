"""The states of a machine in the status table: word and sign (shape and colour, see hanma.css)."""

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
