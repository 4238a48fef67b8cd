"""What was done on this bench, for people: a line a run, and how each module stands by now."""

from datetime import datetime
from typing import Any

from flash.bench import NAMES, Say
from flash.steps import STEPS

_TITLES = {step.name: step.title for step in STEPS}


def told(runs: list[dict[str, Any]], say: Say) -> dict[str, Any]:
    """Each run, the oldest first; gives what comes of them all for the last line of JSON."""
    last: dict[str, bool] = {}
    for one in runs:
        say(_line(one))
        last[one.get("chip", "")] = bool(one.get("ok"))
    last.pop("", None)  # it broke off before anybody knew which module it was
    good = sum(last.values())
    say(
        f"━━ 共 {len(runs)} 次，{len(last)} 个模块，合格 {good}。 "
        f"{len(runs)} runs, {len(last)} modules, {good} good."
    )
    return {"runs": len(runs), "modules": len(last), "good": good}


def _line(one: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(one.get("at", 0) / 1000).astimezone()
    named = [one.get(name, "") for name in NAMES]
    who = " ".join([name for name in named if name] or ["?"])
    came = "✓ 合格 good" if one.get("ok") else f"✗ {_failed(one)}"
    virtual = " （虚拟 virtual）" if one.get("virtual") else ""
    return f"{at:%Y-%m-%d %H:%M} {who}{virtual} {came}"


def _failed(one: dict[str, Any]) -> str:
    title = _TITLES.get(one.get("failed", ""), "?")
    return f"{title}: {one.get('wrong') or one.get('why', '?')}"
