#!/bin/sh
# Installs what is missing to build, run and test on Debian 12.
#   deploy/deps.sh build      to build and run
#   deploy/deps.sh test       the tests' tools as well
# Quick when nothing is missing.  Needs root (or sudo) only when something is.
set -eu

build="gcc make pkg-config protobuf-compiler protobuf-c-compiler libprotobuf-dev libprotobuf-c-dev
 libzmq3-dev libczmq-dev libsqlite3-dev libsodium-dev libh2o-evloop-dev libssl-dev zlib1g-dev"
tests="faketime python3 python3-zmq python3-protobuf python3-nacl curl wrk clang libclang-rt-14-dev sqlite3
 nodejs"

case "${1:-build}" in
build) wanted=$build ;;
test) wanted="$build $tests" ;;
*) echo "usage: $0 build|test" >&2; exit 2 ;;
esac

missing=
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
# A Node.js that did not come from Debian will do.
if command -v node >/dev/null 2>&1; then missing=$(echo "$missing" | sed 's/ nodejs\b//'); fi
[ -n "$missing" ] || exit 0

echo "installing:$missing"
as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
