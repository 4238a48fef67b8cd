#!/usr/bin/env bash
# Makes .tools/umqtt/umqtt/simple.py: the MQTT client that stock ESP32 images carry frozen in.
# On the package index it is an old source archive that pip cannot install; `unearth` only fetches it.
set -u
cd "$(dirname "$0")/.." || exit 1
. setup/environment.sh

home=.tools/umqtt
version="1.3.4"
digest="b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f"

[ -f "$home/umqtt/simple.py" ] && exit 0
say "· umqtt.simple $version"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/unearth --no-binary --download "$work" "micropython-umqtt.simple==$version" >/dev/null 2>"$work/log" ||
    stop "umqtt.simple could not be fetched. Is the package index reachable? 无法获取 umqtt.simple，请检查网络或镜像源。"
archive=$(ls "$work"/*.tar.gz)
.venv/bin/python - "$archive" "$digest" "$home" <<'PY' || stop "umqtt.simple is not the archive that was expected (digest differs). umqtt.simple 摘要不符。"
import hashlib, pathlib, sys, tarfile

archive, digest, home = sys.argv[1:]
if hashlib.sha256(pathlib.Path(archive).read_bytes()).hexdigest() != digest:
    sys.exit(1)
target = pathlib.Path(home, "umqtt")
target.mkdir(parents=True, exist_ok=True)
with tarfile.open(archive) as tar:
    for member in tar.getmembers():
        if member.isfile() and member.name.endswith("/umqtt/simple.py"):
            (target / "simple.py").write_bytes(tar.extractfile(member).read())
            sys.exit(0)
sys.exit(1)
PY
