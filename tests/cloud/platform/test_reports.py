"""What a platform reports is kept as it told it, once, and shown to nobody else."""

from typing import Any

import pytest
from sqlalchemy import select

from cloud.base.unit import Unit
from cloud.book import audit, media
from cloud.link import positions
from cloud.work import reported
from tests.cloud.platform.conftest import Works, make_works, picture


def error(answer: Any) -> tuple[str, str]:
    assert not answer.json["success"], answer.json
    return answer.json["result"]["error"], answer.json["result"]["field"]


def taken(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.json
    return dict(answer.json["result"])


def test_a_job_is_reported_from_announcement_to_end(both: Works) -> None:
    caller = both.caller
    application, record, result = both.application(), both.record(), both.result()
    first = taken(caller.post("/job-applications", application))
    assert (first["state"], first["findings"]) == ("applied", [])
    assert taken(caller.post("/fire-watch-records", record))["state"] == "watched"
    assert taken(caller.post("/job-results", result))["state"] == "ended"
    (kept,) = taken(caller.get("/jobs?number=J-1"))["items"]
    for name in ("number", "device", "welders", "site", "planned_until", "pictures"):
        assert kept["application"][name] == application[name]
    assert kept["application"]["proof"].items() >= application["proof"].items()
    assert kept["watch"].items() >= record.items()
    assert kept["result"]["position"]["lat"] == 29.5 and kept["findings"] == []
    (row,) = both.county.ask(lambda unit: list(unit.db.scalars(select(reported.ReportedJob))))
    assert both.county.ask(audit.verify, row.district) is None


def test_the_same_report_again_is_the_same_job(both: Works) -> None:
    told = both.application()
    first = both.caller.post("/job-applications", told, once="k1")
    again = both.caller.post("/job-applications", told, once="k1")
    other_key = both.caller.post("/job-applications", told, once="k2")
    assert taken(first) == taken(again) == taken(other_key)
    assert [one.headers["Idempotent-Replay"] for one in (first, again)] == ["false", "true"]
    assert len(taken(both.caller.get("/jobs"))["items"]) == 1


def test_a_key_and_a_number_stand_for_one_content(both: Works) -> None:
    told = both.application()
    taken(both.caller.post("/job-applications", told, once="k1"))
    changed = told | {"site": "另一个车间"}
    assert error(both.caller.post("/job-applications", changed, once="k1"))[0] == "idempotency"
    assert error(both.caller.post("/job-applications", changed, once="k2"))[0] == "number-taken"
    assert error(both.caller.post("/job-applications", told, once="k 3"))[0] == "idempotency-key"


def test_a_report_that_was_refused_may_come_again_under_its_key(works: Works) -> None:
    record = works.record()
    assert error(works.caller.post("/fire-watch-records", record, once="k"))[0] == "unknown-job"
    taken(works.caller.post("/job-applications", works.application()))
    taken(works.caller.post("/fire-watch-records", record, once="k"))


@pytest.mark.parametrize(
    ("part", "wanted"),
    [
        ({"device": "XT-9999"}, ("unknown-device", "device")),
        ({"welders": [{"id": "0" * 32}]}, ("unknown-person", "welders[0].id")),
        ({"pictures": ["0" * 64]}, ("unknown-picture", "pictures[0]")),
        ({"pictures": ["0" * 64] * 10}, ("bad-field", "pictures")),
        ({"welders": []}, ("bad-field", "welders")),
        ({"site": ""}, ("bad-field", "site")),
        ({"site": "车\x00间"}, ("bad-field", "site")),
        ({"site": "车间\n"}, ("bad-field", "site")),
        ({"work": "焊" * 201}, ("bad-field", "work")),
        ({"number": "J 1"}, ("bad-field", "number")),
        ({"planned_from": 1}, ("bad-field", "planned_from")),
        ({"planned_from": "now"}, ("bad-field", "planned_from")),
        ({"proof": {"type": "word"}}, ("bad-field", "proof.type")),
        ({"proof": {"type": "voucher", "kind": "批条"}}, ("bad-field", "proof")),
        ({"position": {"lat": 91, "lng": 0}}, ("bad-field", "position.lat")),
        ({"position": {"lat": 1, "lng": 0, "datum": "BD09"}}, ("bad-field", "position.datum")),
        ({"district": "12345"}, ("bad-field", "district")),
    ],
)
def test_a_wrong_field_is_named(works: Works, part: dict[str, Any], wanted: Any) -> None:
    assert error(works.caller.post("/job-applications", works.application() | part)) == wanted


def test_a_body_that_is_no_json_or_no_such_type_is_refused(works: Works) -> None:
    caller, key = works.caller, {"Idempotency-Key": "k"}
    for raw in (b"", b"{", b"\xff", b"[" * 30_000, b'{"number": "\\ud800"}'):
        answer = caller.call("POST", "/job-applications", raw, "application/json", **key)
        assert error(answer)[0] in ("malformed", "bad-field")
    answer = caller.call("POST", "/job-applications", b"{}", "text/plain", **key)
    assert error(answer)[0] == "type"
    big = b" " * 70_000
    answer = caller.call("POST", "/job-applications", big, "application/json", **key)
    assert error(answer)[0] == "too-long"
    assert error(caller.call("GET", "/jobs", b"{}"))[0] == "malformed"


def test_what_the_rules_would_not_have_let_pass_is_found_and_kept(works: Works) -> None:
    unlicensed = works.county.person("welder", enterprise=works.enterprise)
    proof = works.application()["proof"] | {
        "grade": "first",
        "window_from": works.now + 60_000,
        "window_until": works.now + 9 * 3_600_000,
    }
    told = works.application(welders=[{"id": unlicensed.id}], proof=proof)
    first = taken(works.caller.post("/job-applications", told))
    assert first["findings"] == ["certificate", "permit-window", "permit-outside"]
    early = works.record(confirmed_at=works.now + 90_000, site_safe=False)
    second = taken(works.caller.post("/fire-watch-records", early))
    assert second["findings"][3:] == ["site-unsafe"]
    third = taken(works.caller.post("/job-results", works.result()))
    assert third["findings"][3:] == ["site-unsafe", "watch-late"]


def test_what_the_annex_asks_for_and_was_not_brought_is_marked(works: Works) -> None:
    bare = works.application(pictures=[], proof=None)
    first = taken(works.caller.post("/job-applications", bare))
    assert first["findings"] == ["pictures-missing", "proof-missing"]
    second = taken(works.caller.post("/fire-watch-records", works.record(joint_photo=None)))
    assert second["findings"][2:] == ["joint-photo-missing"]


def test_a_result_without_a_fire_watch_is_kept_and_marked_until_the_record_comes(
    works: Works,
) -> None:
    taken(works.caller.post("/job-applications", works.application()))
    assert taken(works.caller.post("/job-results", works.result()))["findings"] == [
        "watch-missing"
    ]
    late = taken(works.caller.post("/fire-watch-records", works.record()))
    assert (late["findings"], late["state"]) == ([], "ended")


def test_a_job_that_never_began_is_closed(works: Works) -> None:
    taken(works.caller.post("/job-applications", works.application()))
    told = {"job": "J-1", "ended_at": works.now, "position": None, "reason": "未开始"}
    assert taken(works.caller.post("/job-results", told))["state"] == "cancelled"


def test_what_does_not_fit_together_is_refused(works: Works) -> None:
    double = works.county.person("welder", "fire_watch", enterprise=works.enterprise)
    works.county.certificate(double)
    told = works.application(welders=[{"id": double.id}])
    taken(works.caller.post("/job-applications", told))
    alone = works.record(fire_watch=double.id)
    assert error(works.caller.post("/fire-watch-records", alone))[0] == "same-person"
    backwards = works.result(started_at=works.now, ended_at=works.now - 1)
    assert error(works.caller.post("/job-results", backwards))[0] == "times"
    taken(works.caller.post("/job-results", works.result()))
    other = works.result(ended_at=works.now + 180_000)
    assert error(works.caller.post("/job-results", other))[0] == "done"


def test_the_latest_status_of_a_terminal_counts_and_its_position_is_kept(both: Works) -> None:
    def one(at: int, relay: bool) -> dict[str, Any]:
        where = {"lat": 29.5, "lng": 106.5, "datum": "GCJ02", "accuracy_m": 500}
        told = {"device": both.device, "at": at, "online": True, "relay": relay}
        return told | {"position": where}

    told = {"statuses": [one(both.now, True), one(both.now - 5, False)]}
    assert taken(both.caller.post("/device-status", told)) == {"taken": 2, "late": 1}
    (shown,) = taken(both.caller.get(f"/terminals?device={both.device}"))["items"]
    assert (shown["online"], shown["relay"], shown["state_at"]) == (True, True, both.now)
    where = both.county.ask(positions.latest, both.device)
    assert (where.lat_e6, where.datum, where.accuracy_m) == (29_500_000, "GCJ02", 500)


def test_statuses_are_taken_all_or_none(both: Works) -> None:
    good = {"device": both.device, "at": both.now, "online": True, "relay": False}
    told = {"statuses": [good, good | {"device": "XT-9999"}]}
    answer = both.caller.post("/device-status", told)
    assert error(answer) == ("unknown-device", "statuses[1].device")
    assert both.county.ask(lambda unit: unit.db.get(reported.ReportedStatus, both.device)) is None


def test_a_picture_is_kept_by_what_it_shows_and_belongs_to_who_brought_it(works: Works) -> None:
    digest = works.caller.bring(picture(9), "permit")
    assert works.caller.bring(picture(9), "permit") == digest
    assert works.county.ask(media.opened, digest) == picture(9)
    bad = works.caller.call("POST", "/media", b"GIF89a", "image/jpeg")
    assert error(bad) == ("picture", "not-jpeg")
    other = make_works(works.county, works.county.clock, "演示二平台", "XT-0002")
    told = other.application(pictures=[digest])
    assert error(other.caller.post("/job-applications", told)) == (
        "unknown-picture",
        "pictures[0]",
    )


def test_a_platform_sees_its_enterprises_only(both: Works) -> None:
    other = make_works(both.county, both.county.clock, "演示二平台", "XT-0002")
    taken(both.caller.post("/job-applications", both.application()))
    for path in ("/terminals", "/welders", "/fire-watches"):
        (mine,) = taken(both.caller.get(path))["items"]
        (theirs,) = taken(other.caller.get(path))["items"]
        assert mine != theirs and mine["enterprise"] == both.enterprise.uscc
        answer = both.caller.get(f"{path}?enterprise={other.enterprise.uscc}")
        assert error(answer) == ("unknown-enterprise", "enterprise")
    assert taken(other.caller.get("/jobs"))["items"] == []
    told = other.application(device=both.device)
    assert error(other.caller.post("/job-applications", told)) == ("unknown-device", "device")
    told = other.application(welders=[{"id": both.welder.id}])
    assert error(other.caller.post("/job-applications", told))[0] == "unknown-person"
    assert error(other.caller.post("/fire-watch-records", other.record()))[0] == "unknown-job"
    taken(other.caller.post("/job-applications", other.application()))  # the number is its own


def test_ids_are_found_by_identity_number_and_never_stand_in_an_address(both: Works) -> None:
    number = "11010519491231002X"
    known = both.county.person("welder", enterprise=both.enterprise, identity=number)
    other = both.county.person("welder", identity="440524188001010014")
    told = {"identities": ["440524188001010014", number]}
    assert taken(both.caller.post("/welders/lookup", told))["ids"] == [None, known.id]
    assert taken(both.caller.post("/fire-watches/lookup", told))["ids"] == [None, None]
    shown = both.caller.get("/welders").text
    assert number not in shown and "1101051949" not in shown and other.id not in shown


def test_lists_go_on_where_the_page_before_ended(both: Works) -> None:
    for number in range(5):
        taken(both.caller.post("/job-applications", both.application(number=f"J-{number}")))
        both.county.clock.forward(number // 2)
        both.county.welder(both.enterprise)
    for path, name, count in (("/jobs", "number", 5), ("/welders", "id", 6)):
        seen, after = [], ""
        while True:
            page = taken(both.caller.get(f"{path}?limit=2{after}"))
            seen += [one[name] for one in page["items"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert len(seen) == len(set(seen)) == count
    assert error(both.caller.get("/jobs?limit=0")) == ("bad-field", "limit")
    assert error(both.caller.get("/jobs?limit=1&limit=2")) == ("bad-field", "limit")
    assert error(both.caller.get("/jobs?name=1"))[0] == "bad-field"


def test_jobs_are_asked_for_by_state_time_and_terminal(both: Works) -> None:
    taken(both.caller.post("/job-applications", both.application()))
    at = both.now
    for good in ("state=applied", f"since={at}", f"until={at + 1}", f"device={both.device}"):
        assert len(taken(both.caller.get(f"/jobs?{good}"))["items"]) == 1, good
    for bad in ("state=ended", f"since={at + 1}", f"until={at}", "device=XT-9"):
        assert taken(both.caller.get(f"/jobs?{bad}"))["items"] == [], bad


def test_a_job_announced_twice_is_one_job(both: Works) -> None:
    def twice(unit: Unit) -> Any:
        welder = [both.welder]
        return [
            reported.applied(unit, both.platform.id, both.machine, "J-7", told, welder)
            for _ in range(2)
        ]

    told = both.application(number="J-7")
    first, second = both.county.do(twice)
    assert first is second
