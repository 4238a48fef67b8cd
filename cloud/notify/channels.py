"""The ways out. Each takes a notice's body or raises; nothing here is tried twice."""

import hashlib
import hmac
import logging
import smtplib
import ssl
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from cloud.base.clock import Clock
from cloud.base.database import canonical
from cloud.base.outward import open_at
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.registry import people

log = logging.getLogger(__name__)

Channel = Callable[[dict[str, Any]], None]
_TIMEOUT_S = 10


class NotTaken(Exception):
    """The other side did not take it."""


def channels(settings: Settings, clock: Clock) -> dict[str, Channel]:
    """Every way out of these settings, by name."""
    return {
        "log": to_log,
        "mail": lambda body: by_mail(settings, body),
        "hook": lambda body: by_hook(settings, body, clock()),
    }


def to_log(body: dict[str, Any]) -> None:
    """One line."""
    log.warning("notice %s", canonical(body))


def by_mail(settings: Settings, body: dict[str, Any]) -> None:
    """A short mail to HANMA_NOTIFY_MAIL_TO by the server of HANMA_NOTIFY_MAIL.

    A password goes to a server only whose certificate is good for its name: by smtps, or by
    STARTTLS, without which it is not said at all (SMTPNotSupportedError).
    """
    server = urlsplit(settings.notify_mail)
    mail = EmailMessage()
    mail["Subject"] = f"[HanMa] {body['event']} {body['kind']} ({body['level']})"
    mail["From"] = settings.notify_mail_from
    mail["To"] = settings.notify_mail_to
    mail.set_content(_words(settings, body))
    if "checkpoint" in body:
        name = f"{body['number']:08}-{body['digest'][:16]}.json"
        mail.add_attachment(body["checkpoint"].encode(), "application", "json", filename=name)
    good, host, port = ssl.create_default_context(), server.hostname or "", server.port
    secure = server.scheme == "smtps"
    with (
        smtplib.SMTP_SSL(host, port or 465, timeout=_TIMEOUT_S, context=good)
        if secure
        else smtplib.SMTP(host, port or 25, timeout=_TIMEOUT_S)
    ) as to:
        if server.username:
            if not secure:
                to.starttls(context=good)
            to.login(unquote(server.username), unquote(server.password or ""))
        to.send_message(mail)


def by_text(ground: Ground, body: dict[str, Any]) -> None:
    """A text message to whom it is about, if the account is in use and has a number."""
    with ground.read() as unit:
        person = people.get(unit, body["to"])
        number = people.phone(unit, person) if person and person.status == "active" else ""
    if number:
        ground.text(number, f"【焊码】{_words(ground.settings, body)}".rstrip())


def _words(settings: Settings, body: dict[str, Any]) -> str:
    if "certificate" in body:
        at = f"{settings.base_url}/registers/certificates/{body['certificate']}"
        if "to" in body:
            return (
                f"您的操作证还有 {body['days']} 天到期或应复审，请提前换证或复审，以免影响开机。"
            )
        return f"操作证还有 {body['days']} 天到期或应复审，辖区 {body['district']}\n{at}\n"
    if "checkpoint" in body:
        return (
            f"审计链存证点第 {body['number']} 号，摘要 {body['digest']}\n"
            "请另存附件；核对：hanma audit verify --checkpoint 文件\n"
        )
    if "machine" in body and "alarm" not in body:
        at = f"{settings.base_url}/m/{body['code']}"
        return f"焊机 {body['code']} 已停用待修，不能开机，请立即停止使用。\n{at}\n"
    place, at = body["duty"] or body["district"], f"{settings.base_url}/alarms/{body['alarm']}"
    return f"告警 {body['kind']}，级别 {body['level']}，辖区 {place}\n{at}\n"


def by_hook(settings: Settings, body: dict[str, Any], now: int) -> None:
    """POST of the JSON; `X-HM-Signature` = hex HMAC-SHA256(secret, timestamp LF sha256hex(body)).

    The same `id` may come twice: the receiver takes it once. Only 2xx counts as taken.
    """
    post(settings.notify_hook, settings.notify_secret, body, now)


def post(url: str, secret: str, body: dict[str, Any], now: int) -> None:
    """The signed POST; an exception if it was not taken."""
    raw = canonical(body).encode()
    headers = {
        "Content-Type": "application/json",
        "X-HM-Timestamp": str(now),
        "X-HM-Signature": signature(secret, now, raw),
    }
    request = urllib.request.Request(url, raw, headers)
    with open_at(request, timeout=_TIMEOUT_S) as answer:
        if not 200 <= answer.status < 300:
            raise NotTaken(answer.status)


def signature(secret: str, now: int, raw: bytes) -> str:
    """What stands in the header."""
    text = f"{now}\n{hashlib.sha256(raw).hexdigest()}"
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex()
