"""Trends and the two forms, as page and as files."""

import io

import pytest
from openpyxl import load_workbook

from cloud.oversight import forms


def test_trends_are_pictures_with_the_same_figures_in_a_table(browser, floor):
    floor.working()
    page = browser(floor.cast.officer).get("/trends?district=990101001").text
    assert page.count('<svg class="drawn"') == 2 and "<style" not in page
    assert "15 日内赋码" in page


@pytest.mark.parametrize("name", sorted(forms.FORMS))
def test_a_form_is_a_table_a_spreadsheet_and_a_csv_file(browser, cast, name):
    officer = browser(cast.officer)
    page = officer.get(f"/forms/{name}")
    assert "演示机械厂" in page.text and f"/forms/{name}.xlsx" in page.text
    sheet = load_workbook(io.BytesIO(officer.get(f"/forms/{name}.xlsx").data)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == forms.FORMS[name][0] and rows[1][1] == "演示机械厂"
    text = officer.get(f"/forms/{name}.csv").data.decode("utf-8-sig")
    assert text.splitlines()[0].split(",")[0] == "序号"
    assert browser(cast.far_officer).get(f"/forms/{name}.csv").data.count(b"\n") == 1


@pytest.mark.parametrize("path", ["/forms/nothing", "/forms/nothing.csv", "/forms/survey.exe"])
def test_what_is_no_form_is_not_there(browser, cast, path):
    assert browser(cast.officer).get(path).status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30, "999999"])
def test_a_nonsense_page_number_shows_a_page(browser, cast, page):
    answer = browser(cast.officer).get("/forms/survey", query_string={"page": page})
    assert answer.status_code == 200
