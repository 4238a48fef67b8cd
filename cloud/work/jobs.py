"""The one way in for each step of a job: pages, platforms and terminals' events all come here.

Every step takes the write unit and gives the job, or all refusals at once. Each is idempotent:
doing again what was done changes nothing and writes nothing.
"""

from cloud.book import outbox
from cloud.book.outbox import Handlers
from cloud.work import (
    by_ticket,
    orders,
    reconcile,
    recorded,
    revoked,
    terminal_policy,
    testing,
    zoning,
)
from cloud.work.by_ticket import ticket_for_technician, ticket_off, ticket_on
from cloud.work.checkins import check_in
from cloud.work.extending import extend
from cloud.work.handing import hand_over, take_over
from cloud.work.job import Job, by_id, open_on
from cloud.work.opening import apply
from cloud.work.picturing import add as add_picture
from cloud.work.preparing import ask_code, ask_here, check, presence_until, watch
from cloud.work.refusal import Refusal, Refusals
from cloud.work.sweep import sweep
from cloud.work.switching import cancel, clear, switch_off, switch_on
from cloud.work.underground import TakenAlong, seen_below, take_along
from cloud.work.view import JobView, job_for, view

__all__ = [
    "Job",
    "JobView",
    "Refusal",
    "Refusals",
    "TakenAlong",
    "add_picture",
    "apply",
    "ask_code",
    "ask_here",
    "by_id",
    "cancel",
    "check",
    "check_in",
    "clear",
    "extend",
    "hand_over",
    "handlers",
    "job_for",
    "open_on",
    "presence_until",
    "seen_below",
    "sweep",
    "switch_off",
    "switch_on",
    "take_along",
    "take_over",
    "ticket_for_technician",
    "ticket_off",
    "ticket_on",
    "view",
    "watch",
]


def handlers() -> Handlers:
    """What the work does about what terminals did, for `outbox.deliver`."""
    return outbox.together(
        reconcile.handlers(),
        recorded.handlers(),
        by_ticket.handlers(),
        orders.handlers(),
        terminal_policy.handlers(),
        revoked.handlers(),
        zoning.handlers(),
        testing.handlers(),
    )
