"""Who may call what: one table, enforced in one place, before any page runs.

An endpoint that is not in the table is closed to everybody. Rights to one machine or job
(district, enterprise, own) are judged by the page that has read it.
"""

from __future__ import annotations

from flask import Flask, Response, g, redirect, request, url_for
from flask_babel import gettext as _

from cloud.book import media
from cloud.cases import entrance, imports
from cloud.registry.people import ROLES
from cloud.web import visitor
from cloud.web.trouble import Trouble, log_in_first, not_yours, wants_json

ANYONE = frozenset({"anyone"})  # signed in or not
ALL_ROLES = frozenset(ROLES)
_ON_SITE = frozenset({"welder", "fire_watch"})
_REGULATORS = frozenset({"officer", "office"})

RIGHTS: dict[str, frozenset[str]] = {
    "static": ANYONE,
    "app.manifest": ANYONE,
    "app.offline": ANYONE,
    "app.worker": ANYONE,
    "accounts.healthz": ANYONE,
    "accounts.login": ANYONE,
    "accounts.register": ANYONE,
    "accounts.choose_language": ANYONE,
    "accounts.first": ANYONE,  # the link itself is the right
    "accounts.phone": ANYONE,
    "accounts.phone_code": ANYONE,
    "accounts.password": ANYONE,
    "accounts.new_password": ANYONE,
    "accounts.logout": ALL_ROLES,
    "accounts.factor": ALL_ROLES,  # everybody for themselves, as the next three
    "accounts.end_factor": ALL_ROLES,
    "accounts.pin": _ON_SITE,
    "accounts.sessions": ALL_ROLES,
    "accounts.end_session": ALL_ROLES,
    "regulator.status": ALL_ROLES,  # regulators see the numbers, everybody else where to scan
    "regulator.status_json": _REGULATORS,
    "regulator.status_part": _REGULATORS,
    "regulator.map_json": _REGULATORS,
    "regulator.boundaries": _REGULATORS,
    "regulator.card": _REGULATORS,
    "regulator.trends_page": _REGULATORS,
    "regulator.form": _REGULATORS,
    "regulator.form_file": _REGULATORS,
    "regulator.machines": _REGULATORS,
    "regulator.machines_json": _REGULATORS,
    "welder.scan": ALL_ROLES,
    "welder.find": ALL_ROLES,
    "welder.machine": ANYONE,  # a signed-out scan shows the log-in form
    "welder.state": _ON_SITE | _REGULATORS | {"enterprise"},
    "welder.apply": frozenset({"welder"}),
    "welder.speak": _ON_SITE,
    "welder.check": frozenset({"welder"}),
    "welder.add_picture": _ON_SITE,
    "welder.picture": _ON_SITE | _REGULATORS | {"enterprise"},
    "welder.watch": frozenset({"fire_watch"}),
    "welder.check_in": frozenset({"fire_watch"}),
    "welder.extend": frozenset({"welder"}),
    "welder.hand_over": frozenset({"welder"}),
    "welder.take_over": frozenset({"welder"}),
    "welder.on": frozenset({"welder"}),  # never anybody else, whatever the reason
    "welder.off": _ON_SITE | _REGULATORS,
    "welder.clear": _ON_SITE,
    "welder.cancel": frozenset({"welder"}),
    "welder.ticket": _ON_SITE,
    "welder.face": frozenset({"welder"}),
    "welder.face_result": frozenset({"welder"}),
    "welder.face_decline": frozenset({"welder"}),
    "welder.vouch": frozenset({"fire_watch"}),
    "welder.here": _ON_SITE,
    "welder.along": frozenset({"fire_watch"}),
    "welder.seen_below": frozenset({"fire_watch"}),
    "welder.receipt": _ON_SITE | {"technician"},
    "welder.journal": _ON_SITE | {"technician"},
    "technician.ticket": frozenset({"technician"}),
    "technician.test_ticket": frozenset({"technician"}),
    "technician.mine": frozenset({"technician"}),
    "technician.find": frozenset({"technician"}),
    "technician.machine": frozenset({"technician"}),
    "technician.begin": frozenset({"technician"}),
    "technician.replace_label": frozenset({"technician"}),
    "technician.label": frozenset({"technician"}),
    "technician.wiring": frozenset({"technician"}),
    "technician.terminal": frozenset({"technician"}),
    "technician.record": frozenset({"technician"}),
    "technician.state": frozenset({"technician"}),
    "technician.picture": frozenset({"technician"}),
    "technician.agree": frozenset({"technician"}),
    "technician.add_picture": frozenset({"technician"}),
    "technician.fit": frozenset({"technician"}),
    "technician.seal": frozenset({"technician"}),
    "technician.describe": frozenset({"technician"}),
    "technician.work": frozenset({"technician"}),
    "technician.test": frozenset({"technician"}),
    "technician.test_off": frozenset({"technician"}),
    "technician.accept": frozenset({"technician"}),
    "technician.finish": frozenset({"technician"}),
    "technician.paper": frozenset({"technician", "enterprise", "office"}),  # its own each
    "regulator.order": _REGULATORS,  # never ON
    "regulator.snapshot": _REGULATORS,
    "welder.my_certificates": frozenset({"welder", "technician"}),  # a technician's licence
    "welder.enter_certificate": frozenset({"welder", "technician"}),
    "office.confirm": frozenset({"office"}),
    "regulator.alarms_page": _REGULATORS,
    "regulator.alarms_json": _REGULATORS,
    "regulator.alarm_page": _REGULATORS,
    "regulator.alarm_take": _REGULATORS,
    "regulator.alarm_verify": _REGULATORS,
    "regulator.alarm_close": _REGULATORS,
    "regulator.alarm_hand_over": _REGULATORS,
    "office.waiting": frozenset({"office"}),
    "office.decide": frozenset({"office"}),
    "office.home": _REGULATORS,
    "office.machines": _REGULATORS,  # of their district and trade, as all registers
    "office.machine": _REGULATORS,
    "office.machine_status": _REGULATORS,  # only the office scraps: work/soundness.py
    "office.enterprises": _REGULATORS,
    "office.enterprise": _REGULATORS,
    "office.persons": _REGULATORS,
    "office.person": _REGULATORS,
    "office.certificates": _REGULATORS,
    "office.certificate": _REGULATORS,
    "office.permit_list": _REGULATORS,  # to read: the enterprises approve
    "office.permit": _REGULATORS,
    **dict.fromkeys(
        (
            "office.person_status",
            "office.person_roles",
            "office.certificate_status",
            "office.terminals",
            "office.terminal",
            "office.revoke",
            "office.take_off",
            "office.modules",
            "office.module",
            "office.receive",
            "office.move",
            "office.set_papers",
            "office.imports_page",
            "office.upload",
            "office.import_page",
            "office.import_blank",
            "office.import_state",
            "office.decide_import",
            "office.codes",
            "office.make_code",
            "office.end_code",
            "office.campaigns_page",
            "office.start_campaign",
            "office.move_campaign",
            "office.rules",
            "office.trail",
            "office.verify_trail",
            "office.accounts",
            "office.appoint",
        ),
        frozenset({"office"}),
    ),
    "activation.form": frozenset({"enterprise"}),
    "activation.activate": frozenset({"enterprise"}),
    "reviews.waiting": _REGULATORS,
    "reviews.judge": _REGULATORS,
    "welder.show_venue": frozenset({"welder"}),
    "welder.scan_venue": frozenset({"fire_watch"}),
    "exempt.places": frozenset({"office"}),
    "exempt.mark": frozenset({"office"}),
    "office.look": frozenset({"office"}),  # every look is recorded
    "welder.my_jobs": _ON_SITE,
    "welder.clear_mine": _ON_SITE,
    "permits.mine": frozenset({"enterprise", "welder"}),
    "permits.ask": frozenset({"enterprise", "welder"}),
    "permits.ask_here": frozenset({"welder"}),
    "permits.approve": frozenset({"enterprise"}),  # never one's own: work/permits.py
    "permits.refuse": frozenset({"enterprise"}),
    "permits.withdraw": frozenset({"enterprise"}),
    "permits.take_back": frozenset({"enterprise", "welder"}),
    "enterprise.overview": frozenset({"enterprise"}),
    "enterprise.state": frozenset({"enterprise"}),
    "enterprise.job_list": frozenset({"enterprise"}),
    "enterprise.people": frozenset({"enterprise"}),
    "enterprise.machine_list": frozenset({"enterprise"}),
    "enterprise.alarm_list": frozenset({"enterprise"}),
    "enterprise.answer": frozenset({"enterprise"}),
    "enterprise.release_list": frozenset({"enterprise"}),
    "enterprise.name": frozenset({"enterprise"}),
    "contracts.mine": frozenset({"enterprise", "welder"}),
    "contracts.make": frozenset({"enterprise"}),
    "contracts.end": frozenset({"enterprise"}),
    "contracts.brief": frozenset({"enterprise"}),
    "contracts.confirm": frozenset({"welder"}),
    "terminal.package": ANYONE,
    "monitoring.metrics": ANYONE,
    "terminal.snapshot": ANYONE,
    "terminal.enrol": ANYONE,
}

# More than a form of ours has: bytes that a request may have here.
_PICTURE = media.LIMITS["site"][0] + 4096
_SIGNATURE = 128 * 1024
BODIES = {
    "welder.add_picture": _PICTURE,
    "technician.add_picture": _PICTURE,
    "technician.agree": _SIGNATURE,
    "technician.accept": _SIGNATURE,
    "office.upload": imports.BYTES_MAX + 4096,
}

# Opened by a token in the request, not by a session: they read no cookie, so nobody's browser
# can be misused for them.
BY_TOKEN = frozenset(
    {"terminal.package", "terminal.snapshot", "terminal.enrol", "monitoring.metrics"}
)

# What is open to who must have a second factor and has none yet: to make one, and to leave.
UNFINISHED = frozenset(
    f"accounts.{name}" for name in ("factor", "login", "logout", "choose_language", "healthz")
)


def allowed(endpoint: str, roles: frozenset[str] | None) -> bool:
    """Whether somebody with these roles (None = not signed in) may call the endpoint."""
    right = RIGHTS.get(endpoint, frozenset())
    return right == ANYONE or bool(right & (roles or frozenset()))


def init_app(app: Flask) -> None:
    """Ask the table before every request; a POST must carry the CSRF token too."""
    app.after_request(_recorded)

    @app.before_request
    def gate() -> Response | None:
        endpoint = request.endpoint
        if endpoint in BY_TOKEN:
            return None
        if endpoint is None or endpoint == "static":  # unknown address: Flask answers 404 or 405
            return None
        person = visitor.viewer()
        if not allowed(endpoint, person.roles if person else None):
            if person or endpoint not in RIGHTS:
                raise not_yours()
            return _to_login()
        if person and person.unfinished and endpoint not in UNFINISHED:
            return _to_factor()
        if endpoint in BODIES:
            request.max_content_length = BODIES[endpoint]
            request.max_form_memory_size = min(BODIES[endpoint], _SIGNATURE)
        if request.method == "POST":
            visitor.check_csrf()
        return None


def _recorded(response: Response) -> Response:
    """Whoever reached for what is not theirs stands in the audit trail."""
    person = visitor.viewer() if response.status_code == 403 and "not_yours" in g else None
    if person:
        with visitor.ground().write() as unit:
            entrance.denied(unit, person.district, person.id, str(request.endpoint))
    return response


def _to_factor() -> Response:
    """Whoever must have a second factor makes it first, on a page."""
    if wants_json():
        todo = _("请用浏览器登录一次，按页面提示启用。")
        raise Trouble(403, "second-factor-first", _("请先启用身份验证器。"), todo)
    return redirect(url_for("accounts.factor"), 303)


def _to_login() -> Response:
    """A person goes to the log-in form and comes back after; a program is told."""
    if wants_json() or request.path.endswith((".json", "/state")):
        raise log_in_first()
    code = (request.view_args or {}).get("code")
    if code:  # the machine page has the log-in form itself
        return redirect(url_for("welder.machine", code=code), 303)
    wanted = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(url_for("accounts.login", next=wanted), 303)
