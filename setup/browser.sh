#!/usr/bin/env bash
# Makes sure that the browser tests have a Chromium and a Chinese font: the system's, else Debian's
# packages, else Playwright's own download.
set -u
cd "$(dirname "$0")/.." || exit 1
. setup/environment.sh

has_font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh 2>/dev/null | head -n 1)" ]; }
has_browser() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || [ -f .tools/browser ]; }

has_browser && has_font && exit 0
say "· Chromium and a Chinese font 浏览器与中文字体"
has_browser || apt_install chromium || true
has_font || apt_install fontconfig fonts-wqy-microhei || true
if ! has_browser; then
    .venv/bin/python -m playwright install chromium >/dev/null 2>&1 && mkdir -p .tools && : >.tools/browser
fi
has_browser || stop "The browser tests need Chromium. Install it 请安装: apt install chromium (macOS: brew install --cask chromium)"
has_font || say "  ! no Chinese font: pictures will show boxes 未找到中文字体，截图会显示方框"
