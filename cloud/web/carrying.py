"""The phone as a carrier and an app: words for near.js, the manifest, the page off line."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app, jsonify, render_template, url_for
from flask_babel import gettext as _

from cloud.web.language import language

blueprint = Blueprint("app", __name__)


def words() -> str:
    """What near.js says, as JSON for one attribute; keys of ble.js where the terminal answers."""
    return json.dumps(
        {
            "meeting": _("正在找终端，请在弹出的窗口里选它。"),
            "giving": _("正在交给终端……"),
            "none": _("没有选终端。请站到焊机旁边再试。"),
            "failed": _("没有成功，请靠近焊机再试。"),
            "busy": _("上一步还在进行，请稍等。"),
            "unheard": _("平台没有回答，请再按一次。"),
            "taken": _("票据已经在手机里，12 小时内有效。"),
            "waiting": _("还有 # 份终端记录等网络恢复后上交。"),
            "refused": _("平台不收这部手机带来的 # 份记录："),
            "forget": _("知道了，从手机删除"),
            "ok": _("终端已经执行。"),
            "wrong-device": _("这不是这台焊机的终端。"),
            "stale-challenge": _("票据过时了，请再按一次。"),
            "used": _("这张票据已经用过。"),
            "expired": _("这张票据已经过期。"),
            "void": _("这张票据已经作废。"),
            "ended": _("这项作业已经结束。"),
            "locked": _("这台焊机已被锁定。"),
            "gas": _("可燃气体超标，终端不开机。"),
            "relay-stuck": _("触点没有动作，请报修。"),
            "fire-watch": _("监护人的口令不对，请看监护人的手机再输入。"),
            "secret": _("口令是 16 个字母和数字，在监护人的手机上。"),
            "unread": _("没有看清二维码，请再拍一次，或者手工输入。"),
            "along": _("口令和停止票已经在手机里。请焊工现在带上票据。"),
            "stopped": _("终端已经断电，作业已停止。"),
            "here": _("终端已经回答，正在核对……"),
            "unsaid": _("终端已经回答，但没有交到平台。请再按一次。"),
            "old": _("这台终端还不会用蓝牙证明在场，请用报码。"),
            "closed": _("触点已闭合。请试焊一下，再断电。现在测得 # A。"),
            "closedAlone": _("触点已闭合，最多一分钟；短按终端上的按钮马上断开。测得 # A。"),
            "opened": _("触点已断开。最大测得 # A。"),
            "away": _("手机和终端断开了。终端最多一分钟自行断电；请看焊机确实断电，再测一次。"),
            "serviceOn": _("终端在维护状态，再按一次退出。"),
            "serviceOff": _("终端已退出维护。"),
            "atWork": _("终端正在工作或应急放开，现在不能测试和维护。"),
            "seen": _("已记下，回到有网络的地方会自动上交。"),
        }
    )


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """The manifest, by which a phone keeps the pages as an app."""
    icon = {"src": url_for("static", filename="sign.svg"), "sizes": "any", "type": "image/svg+xml"}
    told = {
        "name": _("焊码"),
        "short_name": _("焊码"),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f3f4f1",
        "theme_color": "#14181a",
        "icons": [icon],
    }
    answer = jsonify(told)
    answer.content_type = "application/manifest+json"
    return answer


@blueprint.get("/offline")
def offline() -> str:
    """The page that stands in for all others while there is no network; it names nobody."""
    return render_template("offline.html")


@blueprint.get("/sw.js")
def worker() -> Response:
    """The service worker, from the root that it looks after; its list names files by content."""
    asset = current_app.jinja_env.globals["asset"]
    names = (
        "hanma.css",
        "hanma.js",
        "near.js",
        "along.js",
        "beside.js",
        "ble.js",
        "pocket.js",
        "sign.svg",
    )
    files = [asset(name) for name in names]  # type: ignore[operator]
    page = url_for("app.offline", l=language())  # another language, another worker
    with current_app.open_resource("static/worker.js", "r", encoding="utf-8") as file:
        text = f"const SHELL = {json.dumps([page, *files])};\n{file.read()}"
    return Response(text, content_type="text/javascript; charset=utf-8")
