#!/usr/bin/env bash
# What the tests need besides Python: a Chromium (the system's, else Debian's package, else Playwright's
# own download), a Chinese font, the stubs of the board's modules, ngspice, zbar, and in CI a Mosquitto as the
# outside broker and KiCad's footprints (elsewhere those tests are skipped).
set -u
cd "$(dirname "$0")/.." || exit 1
. setup/environment.sh

has_font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh 2>/dev/null | head -n 1)" ]; }
has_browser() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || [ -f .tools/browser ]; }
has_mosquitto() { command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ]; }

if ! has_browser || ! has_font; then
    say "· Chromium and a Chinese font 浏览器与中文字体"
    has_browser || apt_install chromium || true
    has_font || apt_install fontconfig fonts-wqy-microhei || true
    if ! has_browser; then
        .venv/bin/python -m playwright install chromium >/dev/null 2>&1 && mkdir -p .tools && : >.tools/browser
    fi
    has_browser || stop "The browser tests need Chromium. Install it 请安装: apt install chromium (macOS: brew install --cask chromium)"
    has_font || say "  ! no Chinese font: pictures will show boxes 未找到中文字体，截图会显示方框"
fi

if [ "${CI:-}" = true ] && ! has_mosquitto; then
    say "· Mosquitto"
    apt_install mosquitto || stop "CI needs mosquitto. 请安装: apt install mosquitto"
fi

if ! ldconfig -p 2>/dev/null | grep -q libzbar && ! command -v zbarimg >/dev/null; then # reads labels
    say "· zbar"
    apt_install libzbar0 || stop "The label tests need zbar. 请安装: apt install libzbar0 (macOS: brew install zbar)"
fi

if ! command -v ngspice >/dev/null; then # simulates the carrier board: hanma hardware check
    say "· ngspice"
    apt_install ngspice || stop "The hardware checks need ngspice. 请安装: apt install ngspice (macOS: brew install ngspice)"
fi

if [ "${CI:-}" = true ] && [ ! -d /usr/share/kicad/footprints ]; then # its pads are compared: hanma hardware check
    say "· KiCad's footprints"
    apt_install kicad-footprints || say "  ! not installed: no footprint is compared 未安装，不核对封装"
fi

if ! command -v curl >/dev/null || ! command -v openssl >/dev/null; then # the example of docs/way2.md
    say "· curl, openssl"
    apt_install curl openssl || stop "Install curl and openssl 请安装: apt install curl openssl"
fi

stubs="1.29.0.post1" # what the board's modules really have, for the check of every hardware call
if [ ! -f ".tools/stubs/.ready-$stubs" ]; then
    say "· micropython-esp32-stubs $stubs"
    rm -rf .tools/stubs
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --target .tools/stubs -c setup/lock.txt "micropython-esp32-stubs==$stubs" >/dev/null 2>&1 ||
        stop "micropython-esp32-stubs could not be installed. Is the package index reachable? 无法获取 micropython-esp32-stubs，请检查网络或镜像源。"
    : >".tools/stubs/.ready-$stubs"
fi
exit 0
