"""`hanma rules` shows what is enforced, and by which text."""

import json

from click.testing import CliRunner

from cloud.cli import main
from cloud.work import profiles
from cloud.work.rules import RULES


def test_the_table_has_a_row_for_every_rule_and_a_column_for_every_profile() -> None:
    done = CliRunner().invoke(main, ["rules"])
    assert done.exit_code == 0, done.output
    heading = next(line for line in done.output.splitlines() if line.startswith("| rule"))
    assert [cell.strip() for cell in heading.split("|")[3:-2]] == profiles.every()
    for rule in RULES:
        assert f"| {rule.code} " in done.output
    for name in profiles.names():
        assert profiles.load(name).title in done.output


def test_as_json_it_tells_article_words_and_what_to_do() -> None:
    told = json.loads(CliRunner().invoke(main, ["rules", "--json", "--english"]).output)
    assert told["profiles"]["chongqing"]["status"] == "draft"
    permit = next(rule for rule in told["rules"] if rule["code"] == "permit")
    assert permit["articles"]["chongqing"] == "第二十四条"
    assert permit["articles"]["wuyi"] == "–"
    assert permit["articles"]["wuyi@key-zone"].startswith("重点区域")
    busy = next(rule for rule in told["rules"] if rule["code"] == "machine-busy")
    assert busy["articles"]["wuyi"] == "✓"
    assert permit["words"].endswith(".") and permit["todo"].endswith(".")
