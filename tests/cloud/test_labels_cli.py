"""`hanma label` prints the labels of known machines and replaces them under a fresh code."""

from pathlib import Path

import pypdfium2
from click.testing import CliRunner, Result

from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.book import audit
from cloud.cli import main
from tests.cloud.conftest import County, HandClock


def hanma(data: Path, *words: str, hotline: str = "000-7654321") -> Result:
    told = {"HANMA_DATA": str(data), "HANMA_BASE_URL": "https://hanma.example"}
    told["HANMA_HOTLINE"] = hotline
    return CliRunner().invoke(main, ["label", *words], env=told)


def code_of_a_machine(data: Path) -> str:
    ground = Ground.open(Settings(data_dir=data))
    migrate(ground.engine)
    code: str = County(ground, HandClock()).machine().code
    ground.close()
    return code


def test_labels_are_written_and_a_replaced_one_is_told_from_an_unknown(tmp_path: Path) -> None:
    code = code_of_a_machine(tmp_path)
    out = tmp_path / "labels.pdf"
    done = hanma(tmp_path, code, "--out", str(out), "--single")
    assert done.exit_code == 0 and code in done.output
    assert out.read_bytes().startswith(b"%PDF")
    replaced = hanma(tmp_path, code, "--out", str(out), "--replace", "被复印 copied")
    fresh = replaced.output.splitlines()[0]
    assert replaced.exit_code == 0 and fresh != code and fresh[:6] == code[:6]
    again = hanma(tmp_path, code, "--out", str(out))
    assert again.exit_code == 1 and "This label was replaced" in again.output
    ground = Ground.open(Settings(data_dir=tmp_path))
    with ground.read() as unit:
        rows = unit.db.query(audit.AuditRow).filter_by(what="label-replaced").all()
        assert [row.details for row in rows] == [{"old": code, "new": fresh}]
    ground.close()


def test_whom_to_call_is_printed_as_the_settings_say_unless_the_command_says_otherwise(
    tmp_path: Path,
) -> None:
    code, out = code_of_a_machine(tmp_path), tmp_path / "labels.pdf"
    for words, printed in ([], "000-7654321"), (["--hotline", "000-1111111"], "000-1111111"):
        assert hanma(tmp_path, code, "--out", str(out), *words).exit_code == 0
        with pypdfium2.PdfDocument(out) as label:
            assert printed in label[0].get_textpage().get_text_bounded()
    for words, said in ([], True), (["--hotline", "000-1111111"], False):
        done = hanma(tmp_path, code, "--out", str(out), *words, hotline="")
        assert ("HANMA_HOTLINE" in done.output) == said


def test_an_unknown_code_is_one_sentence_and_nothing_is_written(tmp_path: Path) -> None:
    code_of_a_machine(tmp_path)
    for wrong in ("9901010000000?", "nonsense"):
        done = hanma(tmp_path, wrong, "--out", str(tmp_path / "x.pdf"))
        assert done.exit_code == 1 and "No such machine" in done.output
        assert "Traceback" not in done.output
    assert not (tmp_path / "x.pdf").exists()
