# Sourced by run.sh, test.sh and flash.sh from the project's folder: makes .venv and .tools ready.
# Everything is got by package name with the ordinary clients; nothing is changed outside the folder,
# but for packages that only Debian/Ubuntu has (said aloud before it is done, and only as root).

say() { printf '%s\n' "$*" >&2; }

stop() {
    say ""
    say "✗ $*"
    exit 1
}

as_root() { # runs a command as root where that needs no question
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

apt_install() { # packages; quiet, no questions
    command -v apt-get >/dev/null || return 1
    say "  · apt-get install $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >/dev/null 2>&1
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null 2>&1
}

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        command -v "$name" >/dev/null || continue
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$name"; return; }
    done
    return 1
}

make_venv() { # extras, e.g. "" or "[dev]"
    local python digest mark
    python=$(find_python) || stop "Python 3.11 or newer is needed 需要 Python 3.11 或更新版本 (Debian/Ubuntu: apt install python3 python3-venv; macOS: brew install python)."
    digest=$(cat pyproject.toml setup/lock.txt | cksum | tr -d ' ')
    mark=".venv/.ready$1-$digest"
    [ -f "$mark" ] && return
    say "· Python packages 安装 Python 软件包 (.venv)"
    [ -x .venv/bin/python ] || "$python" -m venv .venv >/dev/null 2>&1 || {
        rm -rf .venv
        apt_install python3-venv && "$python" -m venv .venv
    } || stop "Python cannot make a virtual environment. Install it 请安装: apt install python3-venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -c setup/lock.txt -e ".$1" >.venv/install.log 2>&1 || {
        tail -n 5 .venv/install.log >&2
        stop "The Python packages could not be installed. Is the network (or your package mirror) reachable? 无法安装 Python 软件包，请检查网络或镜像源。"
    }
    rm -f .venv/.ready*
    : >"$mark"
    case "$1" in *dev*) : >".venv/.ready-$digest" ;; esac
}

make_tools() {
    bash setup/interpreter.sh || exit 1
    bash setup/umqtt.sh || exit 1
    bash setup/aioble.sh
}
