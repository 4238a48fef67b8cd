"""`hanma zones`."""

import json
from pathlib import Path

from click.testing import CliRunner

from cloud.cli import main
from tests.cloud.registry.test_zones import SQUARE, feature


def zones(data: Path, *words: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["zones", *map(str, words)], env={"HANMA_DATA": str(data)})
    return done.exit_code, done.output


def test_zones_come_in_all_or_none_are_listed_and_dropped(tmp_path: Path) -> None:
    file = tmp_path / "zones.geojson"
    whole = {"type": "FeatureCollection", "features": [feature(SQUARE), feature(name="坏")]}
    file.write_text(json.dumps(whole))
    code, told = zones(tmp_path, file)
    assert code == 1 and "坏" in told
    assert zones(tmp_path) == (0, "")
    file.write_text(json.dumps(feature(SQUARE)))
    code, told = zones(tmp_path, file, "--datum", "GCJ02")
    assert json.loads(told) == {"name": "演示医院", "district": "990101", "datum": "GCJ02"}
    assert zones(tmp_path, "--drop", "no such")[0] == 1
    assert zones(tmp_path, "--drop", "演示医院") == (0, "")


def test_a_file_that_is_no_geojson_gets_one_sentence(tmp_path: Path) -> None:
    for number, text in enumerate(("", "[1]", '{"features": 7}', '{"features": [7]}', "\0")):
        file = tmp_path / f"{number}.json"
        file.write_text(text)
        code, told = zones(tmp_path, file)
        assert code == 1 and "GeoJSON" in told
