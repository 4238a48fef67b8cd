"""The voice of a module that has none of its own: clips that the firmware plays over I2S.

`hanma clips` makes them, once for all modules, and again what the catalogue says otherwise by now;
where it cannot (no speech library), a folder that was filled elsewhere will do.
"""

import functools
import subprocess
import sys
from pathlib import Path

from flash import application
from flash.bench import Module, StepFailed
from flash.tools import on_board

FOLDER = "clips"  # on the module, too: firmware/terminal/voice.py
_PATIENCE_S = 300


def give(module: Module) -> int:
    """How many files were copied: what is missing or different, by SHA-256; StepFailed."""
    assert module.wanted.clips
    folder = module.wanted.clips
    _made(folder)
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    files = {f"{FOLDER}/{path.name}": path.read_bytes() for path in paths}
    module.say(
        f"  模组自己不会说话：核对、复制 {len(files) - 1} 段语音（首次约三分钟）。 "
        f"The modem has no voice: its {len(files) - 1} clips are compared and copied."
    )
    return application.bring(module, files, _survey(module)["files"], _survey)


def _survey(module: Module) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = on_board(
        module, "survey", {"root": [], "folders": [FOLDER]}
    )
    return found


@functools.cache
def _made(folder: Path) -> None:
    """Once for all modules of a batch."""
    words = [sys.executable, "-m", "cloud", "clips", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=_PATIENCE_S)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [""])[-1].removeprefix("Error: ")
        raise StepFailed(
            "clips",
            f"模组自己不会说话，语音片段也做不出来：{last} "
            "The modem has no voice, and its clips cannot be made.",
            "按上面说的安装后再运行；或在别处运行 hanma clips 文件夹，拷来用 --clips 指定。 "
            "Install what is named and run again, or run hanma clips FOLDER elsewhere, bring the "
            "folder and name it by --clips.",
        )
