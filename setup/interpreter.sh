#!/usr/bin/env bash
# Makes .tools/micropython/micropython: MicroPython's unix port, 1.25 or newer.
# The system's own where there is one; else Debian's or Ubuntu's package (of the next release where this
# release has none or an older one) with the libraries it needs, unpacked privately and run through its own loader.
# The package sources are this system's own, with the release's name changed.
set -u
cd "$(dirname "$0")/.." || exit 1
. setup/environment.sh

home=$PWD/.tools/micropython
target=$home/micropython
oldest="1.25"

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.implementation[1][:2])' 2>/dev/null; }
new_enough() {
    local have
    have=$(version_of "$1") && [ -n "$have" ] && [ "$(printf '%s\n%s\n' "$oldest" "$have" | sort -t. -k1,1n -k2,2n | head -n1)" = "$oldest" ]
}

new_enough "$target" && exit 0
rm -rf "$home" && mkdir -p "$home"

for name in "${HANMA_MICROPYTHON:-}" "$(command -v micropython || true)"; do
    if [ -n "$name" ] && new_enough "$name"; then
        ln -s "$name" "$target"
        exit 0
    fi
done

command -v apt-get >/dev/null ||
    stop "MicroPython $oldest or newer is needed 需要 MicroPython $oldest 或更新版本 (macOS: brew install micropython). Its command must be in PATH, or named by HANMA_MICROPYTHON."

say "· MicroPython ($home)"
. /etc/os-release
codename=${VERSION_CODENAME:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

releases() { # this release and those after it, oldest first
    local table=/usr/share/distro-info/${ID}.csv
    echo "$codename"
    if [ -f "$table" ]; then
        awk -F, -v now="$codename" 'after && $3 != "experimental" && $3 != "sid" {print $3} $3 == now {after = 1}' "$table"
    fi
    case "$codename" in
    bookworm) echo "trixie forky" ;;
    trixie) echo "forky" ;;
    jammy | noble | oracular | plucky) echo "questing resolute" ;;
    esac
}

sources_for() { # release -> a folder with this system's sources under that release's name
    local parts=$work/$1/sources.list.d file
    mkdir -p "$parts"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
        [ -f "$file" ] || continue
        case "$file" in
        *.sources) # paragraphs whose suites name this release itself, without its -updates, -security …
            awk -v RS= -v ORS='\n\n' -v now="$codename" -v next_="$1" '
                $0 ~ "Suites:[^\n]*(^|[ \t])" now "([ \t\n]|$)" {
                    gsub("Suites:[^\n]*", "Suites: " next_); print }' "$file" >"$parts/$(basename "$file")" ;;
        *.list)
            sed -n "s/^\(deb .*[[:space:]]\)$codename\([[:space:]].*\)$/\1$1\2/p" "$file" >"$parts/$(basename "$file")" ;;
        esac
    done
    echo "$parts"
}

fetch() { # release -> packages in $work/debs; fails where the release has none that is new enough
    local parts state
    parts=$(sources_for "$1")
    state=$work/$1/state
    mkdir -p "$state/lists/partial" "$work/$1/cache/archives/partial" "$work/debs"
    apt=(-o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$parts" -o "Dir::State::lists=$state/lists"
        -o "Dir::State::status=/dev/null" -o "Dir::Cache=$work/$1/cache" -o "APT::Sandbox::User=$(id -un)" -o "Debug::NoLocking=1")
    apt-get -qq "${apt[@]}" update >"$work/log" 2>&1 || return 1
    local have
    have=$(apt-cache "${apt[@]}" policy micropython | awk '/Candidate:/ {print $2}')
    dpkg --compare-versions "${have:-0}" ge "$oldest" 2>/dev/null || return 1
    local names
    names=$(apt-cache "${apt[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances micropython | grep '^[a-z]' | sort -u)
    # shellcheck disable=SC2086
    (cd "$work/debs" && apt-get -qq "${apt[@]}" download $names >"$work/log" 2>&1)
}

for release in $(releases); do
    fetch "$release" && break
    rm -rf "$work/debs"
done
[ -d "$work/debs" ] || stop "No MicroPython $oldest or newer can be had from this system's package sources. Put a micropython command in PATH, or name it by HANMA_MICROPYTHON. 本系统的软件源中没有 MicroPython $oldest，请自行安装。"

for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$home/root" || exit 1; done
loader=$(find "$home/root" -name 'ld-linux*.so*' | head -n 1)
libraries=$(find "$home/root" -name 'libc.so.6' -exec dirname {} \; | sort -u | paste -sd: -)
[ -n "$loader" ] || stop "The MicroPython package came without a loader."
rm -rf "$home/root/usr/share"
printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' "$loader" "$libraries" "$home/root/usr/bin/micropython" >"$target"
chmod +x "$target"
new_enough "$target" || stop "The MicroPython that was unpacked does not run on this machine. 解包的 MicroPython 无法运行。"
