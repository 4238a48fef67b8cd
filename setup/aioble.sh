#!/usr/bin/env bash
# Makes .tools/aioble/aioble: MicroPython's Bluetooth library, as it goes on the board. It is only in MicroPython's
# own index (the package of that name on PyPI is another one). Without that index the simulator uses its stand-in,
# simulator/board/aioble.py, so nothing is said and nothing fails.
set -u
cd "$(dirname "$0")/.." || exit 1

home=.tools/aioble
[ -f "$home/aioble/__init__.py" ] || [ -f "$home/.tried" ] && exit 0
[ -x .tools/micropython/micropython ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$home"
: >"$home/.tried" # once is enough: where the index is out of reach it stays so; remove this file to try again
timeout 20 .tools/micropython/micropython -c "import mip; mip.install('aioble', target='$work/lib', version='0.6.2', mpy=False)" >/dev/null 2>&1
if [ -f "$work/lib/aioble/__init__.py" ]; then
    mv "$work/lib/aioble" "$home/aioble"
fi
exit 0
