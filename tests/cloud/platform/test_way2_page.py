"""docs/way2.md: every refusal and finding is on it, and its shell example works as it stands."""

import json
import re
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from cloud.app import wsgi
from cloud.base.clock import now_ms
from cloud.platform.operations import OPERATIONS
from cloud.platform.trouble import TROUBLES
from tests.cloud.platform.conftest import Works, picture

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "way2.md").read_text()


@pytest.mark.parametrize("code", TROUBLES)
def test_every_refusal_is_documented(code: str) -> None:
    status, zh, en = TROUBLES[code]
    assert f"| `{code}` | {status} | {zh} | {en} |" in PAGE


def test_every_operation_is_in_the_example_or_the_text() -> None:
    assert [one.path for one in OPERATIONS if one.path not in PAGE] == []


def _json(name: str) -> dict[str, Any]:
    after = PAGE.split(f"`{name}`:")[1]
    fenced = re.match(r"\s*```json\n(.*?)```", after, re.S)
    return dict(json.loads(fenced[1] if fenced else re.match(r" `(.*?)`", after)[1]))  # type: ignore[index]


@pytest.mark.slow
def test_the_example_works_with_curl_and_openssl(works: Works, tmp_path: Path) -> None:
    works.county.ground.clock = now_ms  # the example asks `date`
    server = make_server("127.0.0.1", 0, wsgi(works.county.ground))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        told = _run(works, tmp_path, f"http://127.0.0.1:{server.port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert [one["success"] for one in told] == [True] * len(told)
    assert told[-1]["result"]["items"][0]["state"] == "ended"


def _run(works: Works, folder: Path, base: str) -> list[dict[str, Any]]:
    for name, seed in (("site.jpg", 1), ("joint.jpg", 2)):
        (folder / name).write_bytes(picture(seed))
    script, example = re.findall(r"```bash\n(.*?)```", PAGE, re.S)
    script = script.split("\n", 1)[1]
    head = f"base={base} key={works.caller.key} secret={works.caller.secret}\n"
    steps, told = example.strip().splitlines(), []
    names = {"WELDER": works.welder.id, "WATCH": works.fire_watch.id}
    for step in steps:
        for name in ("application", "watch", "status", "result"):
            raw = json.dumps(_json(f"{name}.json"), ensure_ascii=False)
            for placeholder, value in names.items():
                raw = raw.replace(f'"{placeholder}"', f'"{value}"')
            (folder / f"{name}.json").write_text(raw)
        ran = subprocess.run(
            ["bash", "-euc", head + script + step],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ran.returncode == 0, ran.stderr
        told.append(json.loads(ran.stdout))
        if "media" in step:
            digest = told[-1]["result"]["digest"]
            names["JOINT" if "joint" in step else "SITE"] = digest
    return told
