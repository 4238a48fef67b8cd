#!/usr/bin/env bash
# Makes .tools/aioble/aioble: MicroPython's Bluetooth library, as it goes on the board. It is only in MicroPython's
# own index (the package of that name on PyPI is another one). Without that index the simulator uses its stand-in,
# simulator/board/aioble.py, so nothing is said and nothing fails.
set -u
cd "$(dirname "$0")/.." || exit 1

home=.tools/aioble
[ -f "$home/aioble/__init__.py" ] && exit 0
# Not at every start where the index is out of reach: once a day, or when it is wished for (--again, as flash.sh does
# where a real module wants it).
[ "${1:-}" != --again ] && [ -n "$(find "$home/.tried" -mmin -1440 2>/dev/null)" ] && exit 0
[ -x .tools/micropython/micropython ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$home"
: >"$home/.tried"
timeout 20 .tools/micropython/micropython -c "import mip; mip.install('aioble', target='$work/lib', version='0.6.2', mpy=False)" >/dev/null 2>&1
if [ -f "$work/lib/aioble/__init__.py" ]; then
    mv "$work/lib/aioble" "$home/aioble"
fi
exit 0
