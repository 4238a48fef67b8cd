"""Figures are for whoever has the token, and of nobody in particular."""

import re
from dataclasses import replace

import pytest

from cloud.oversight import figures
from tests.cloud.statements import plans, statements

LINE = re.compile(r'hanma_[a-z_]+(\{[a-z]+="[a-z0-9]+"\})? -?[0-9.e+-]+')


@pytest.fixture
def told(ground):
    ground.settings = replace(ground.settings, metrics_token="made-up-token")
    return {"Authorization": "Bearer made-up-token"}


def test_without_a_token_set_there_is_no_such_page(client):
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "made-up-token", "Bearer ü"])
def test_a_wrong_token_opens_nothing(client, told, given):
    answer = client.get("/metrics", headers={"Authorization": given})
    assert answer.status_code == 401
    assert "hanma_" not in answer.text


def test_the_figures_are_prometheus_text_without_anybodys_data(client, told, floor):
    answer = client.get("/metrics", headers=told)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in lines), lines
    assert 'hanma_terminals{state="online"} 1' in lines
    assert "hanma_events_parked 0" in lines
    for name in {line.split("{")[0].split(" ")[0] for line in lines}:
        assert f"# TYPE {name} gauge" in answer.text


@pytest.mark.sqlite
def test_what_is_asked_every_few_seconds_reads_no_table(ground, floor):
    with ground.read() as unit, statements(ground.engine) as asked:
        figures.text(figures.figures(unit))
    scans = {plan for plan in plans(ground.engine, asked) if plan.startswith("SCAN")}
    whole = {plan.split()[1] for plan in scans if "INDEX" not in plan}
    assert whole == {"audit_head"}  # a row a district
    assert not [plan for plan in scans if "terminal" not in plan and "sqlite_autoindex" in plan]


def test_an_officers_session_is_no_token(told, browser, cast):
    assert browser(cast.officer).get("/metrics").status_code == 401
