"""Every prompt of the firmware's catalogue by its name, as the terminal finds it."""

from terminal.voice import catalogued

from .conftest import ROOT

CATALOGUE = ROOT / "firmware" / "terminal" / "prompts.txt"
NAMES = [line.split(" ")[0] for line in CATALOGUE.read_text("utf-8").splitlines()[1:]]
PROMPTS: dict[str, tuple[int, str, int]] = {
    name: catalogued(name, str(CATALOGUE)) for name in NAMES
}
