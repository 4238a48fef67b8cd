"""What the pages answer when they cannot do what was asked: plain words, never a trace.

`Trouble` is for what the caller of a page could not have known (an unknown machine, a form that
was tampered with); a refusal by the rules of the work is a value and is shown on the page itself.
Logs name the place and the kind of a fault, never its message: messages carry people's data.
"""

from __future__ import annotations

import logging
import secrets
import traceback

from flask import Flask, Response, g, jsonify, make_response, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from cloud.base import outage
from cloud.web.given_back import came_from, given_back

log = logging.getLogger(__name__)

_FORM_AGAIN = (400, 409, 429)  # after which what was typed may be sent again


class Trouble(Exception):
    """A request that gets a plain sentence: HTTP status, stable code, words, what to do, by which
    article, where there is one, and the name of the form's field that is wrong, where one is."""

    def __init__(
        self,
        status: int,
        code: str,
        words: str,
        todo: str = "",
        source: str = "",
        field: str = "",
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.words, self.todo = status, code, words, todo
        self.source, self.field = source, field


def bad_input(words: str, field: str = "") -> Trouble:
    """A 400 with the sentence that says what is wrong with the input, beside the field of this
    name; nothing that was typed is lost (`cloud.web.given_back`)."""
    return Trouble(400, "bad-input", words, _("请改正后再提交。"), field=field)


def not_yours() -> Trouble:
    """A 403: signed in, but not allowed here."""
    g.not_yours = True
    todo = _("如需办理，请联系您的单位或平台运维人员。")
    return Trouble(403, "forbidden", _("这一页不归您使用。"), todo)


def throttled(within_s: int) -> Trouble:
    """A 429: tried too often within these seconds."""
    later = _("请过 %(minutes)s 分钟再试。", minutes=within_s // 60)
    return Trouble(429, "throttled", _("试的次数太多。"), later)


def log_in_first() -> Trouble:
    """A 401: only for programs; people are led to the log-in page, which says more."""
    return Trouble(401, "log-in", _("请先登录。"))


def wants_json() -> bool:
    """Whether the caller is a program (the page's own script counts as one)."""
    accepts = request.accept_mimetypes
    return accepts.best_match(["text/html", "application/json"]) == "application/json"


def show(trouble: Trouble) -> Response:
    """The trouble as a page, or as JSON in the same shape as a refused step."""
    if wants_json():
        told = {
            "code": trouble.code,
            "words": trouble.words,
            "todo": trouble.todo,
            "source": trouble.source,
            "status": "",
            "field": trouble.field,
        }
        response = jsonify({"ok": False, "state": None, "refusals": [told]})
    else:
        page = _form_again(trouble) if trouble.status in _FORM_AGAIN else None
        response = page or make_response(
            render_template("trouble.html", trouble=trouble, back=_back())
        )
    response.status_code = trouble.status
    return response


def _form_again(trouble: Trouble) -> Response | None:
    """The page it came from, what was typed in its form and the trouble's words beside it."""
    files = any(file.filename for file in request.files.values())
    note = render_template("told.html", trouble=trouble, files=files)
    return given_back(trouble.status, note, trouble.field)


def _back() -> str:
    """Where the page's one button leads: after a press to the form, as the browser names it, or to
    the machine this was about; else to the start."""
    if request.method == "POST":
        if came := came_from():
            return came
        if code := (request.view_args or {}).get("code"):
            return url_for("welder.machine", code=code)
    return url_for("regulator.status")


def _of_http(error: HTTPException) -> Trouble:
    """Our words for what Flask or Werkzeug refused by itself."""
    status = error.code or 500
    words = {
        404: (_("没有这一页。"), _("请检查网址，或扫描电焊机上的二维码。")),
        405: (_("这个地址不能这样使用。"), _("请返回上一页，用页面上的按钮操作。")),
        413: (_("提交的内容太大（文字最多 64 kB，照片最多 12 MB）。"), _("请缩短后再提交。")),
    }.get(status, (_("这个请求看不懂。"), _("请改正后再提交。")))
    return Trouble(status, f"http-{status}", *words)


def _of_fault(error: Exception) -> Trouble:
    """A fault of ours: logged by kind and place with a number the viewer can read out."""
    number = secrets.token_hex(3)
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("fault %s: %s at %s\n%s", number, type(error).__name__, request.endpoint, where)
    words = _("平台出了故障，编号 %(number)s。", number=number)
    todo = _("这一步可能没有完成，请刷新页面看现在的状态。反复出现，请把编号告诉平台运维人员。")
    return Trouble(500, "fault", words, todo)


def _of_outage(what: str) -> Trouble:
    if what == outage.FULL:
        todo = _("没有收下，之前收下的都在。请稍后再交；平台运维人员要腾出磁盘空间。")
        return Trouble(507, what, _("平台的磁盘满了。"), todo)
    todo = _("这一步可能没有完成，之前收下的都在。请过一会儿再试。")
    return Trouble(503, what, _("平台的数据库暂时没有回答。"), todo)


def init_app(app: Flask) -> None:
    """Answer every trouble, HTTP error and fault in plain words."""
    teller = outage.Teller(log)

    @app.errorhandler(Trouble)
    def on_trouble(error: Trouble) -> Response:
        return show(error)

    @app.errorhandler(HTTPException)
    def on_http(error: HTTPException) -> Response:
        response = show(_of_http(error))
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After"):
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def on_fault(error: Exception) -> Response:
        what = outage.kind(error)
        if not what:
            return show(_of_fault(error))
        teller.tell(what, error)
        g.viewer = None  # the page is shown without asking the database who looks
        response = show(_of_outage(what))
        response.headers["Retry-After"] = str(outage.AGAIN_S[what])
        return response
