"""Pictures of a job: brought by a form with one file, shown to whom the job is to be seen by."""

from __future__ import annotations

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from cloud.base.unit import Unit
from cloud.book import jpeg, media
from cloud.registry.people import Person
from cloud.web import visitor
from cloud.web.trouble import Trouble, bad_input, not_yours
from cloud.web.welder.blueprint import blueprint
from cloud.web.welder.pages import person_of
from cloud.web.welder.steps import Outcome, acted_on_job
from cloud.work import jobs, pictures
from cloud.work.jobs import Job

_FIELD = "picture"


@blueprint.post("/m/<code>/picture")
def add_picture(code: str) -> ResponseReturnValue:
    """One picture for the step that the viewer is at."""
    with media.on_disk(visitor.ground(), taken_picture("site")) as made:

        def act(unit: Unit, job: Job, person: Person) -> Outcome:
            return jobs.add_picture(unit, job, person, made)

        return acted_on_job(code, act)


@blueprint.get("/pictures/<id>", defaults={"small": False})
@blueprint.get("/pictures/<id>/small", defaults={"small": True})
def picture(id: str, small: bool) -> Response:
    """The picture; a look at the whole of it by who has no part in the job is written down."""
    viewer = visitor.signed_in()
    with visitor.ground().write() if not small else visitor.ground().read() as unit:
        row = pictures.get(unit, id)
        if row is None:
            raise NotFound
        person = person_of(unit, viewer)
        if not pictures.seen_by(unit, unit.db.get_one(Job, row.job_id), person):
            raise not_yours()
        try:
            content = media.opened(unit, row.digest, small=small)
        except media.MediaBroken:
            raise gone() from None
        if not small:
            pictures.looked(unit, row, person)
    return Response(content, mimetype="image/jpeg")


def gone() -> Trouble:
    """A picture that is known and cannot be shown."""
    return Trouble(410, "picture-gone", _("这张照片已过保存期，或已损坏。"))


def taken_picture(kind: str) -> media.Ready:
    """The one file of the form, judged; nobody waits for it inside a unit."""
    files = request.files.getlist(_FIELD)
    if len(files) != 1 or not files[0].filename:
        raise bad_input(_("没有选择照片。"))
    raw = files[0].stream.read(media.LIMITS[kind][0] + 1)
    try:
        return media.ready(raw, kind)
    except jpeg.BadPicture as reason:
        raise bad_input(_words(str(reason))) from None


def _words(word: str) -> str:
    return {
        "too-long": _("照片太大，最多 12 MB。"),
        "too-large": _("照片的像素太多，最多 6400 万。"),
        "not-jpeg": _("这不是 JPEG 照片。"),
    }.get(word, _("照片不完整或已损坏，请重新拍。"))
