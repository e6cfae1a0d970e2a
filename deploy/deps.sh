#!/bin/sh
# Installs what is missing to build, run and test on Debian 12.
#   deploy/deps.sh build      to build and run
#   deploy/deps.sh demo       and to see it work: Python, curl
#   deploy/deps.sh test       and to test, fuzz and measure
# Quick when nothing is missing.  Needs root (or sudo) only when something is.
set -eu

build="gcc libc6-dev make protobuf-compiler protobuf-c-compiler libprotobuf-dev
 libprotobuf-c-dev libzmq3-dev libczmq-dev libsqlite3-dev libsodium-dev libh2o-evloop-dev libssl-dev
 zlib1g-dev libqrencode-dev"
demo="python3 python3-zmq python3-protobuf curl"
tests="clang libclang-rt-14-dev valgrind wrk chromium-headless-shell fonts-noto-cjk pngquant"
# Who has Node.js from elsewhere keeps it: it brings its own npm, which Debian's would quarrel with.
command -v npm >/dev/null || tests="$tests nodejs npm"

case "${1:-build}" in
build) wanted=$build ;;
demo) wanted="$build $demo" ;;
test) wanted="$build $demo $tests" ;;
*) echo "usage: $0 build|demo|test" >&2; exit 2 ;;
esac

command -v dpkg-query >/dev/null || {
    # shellcheck disable=SC2086
    echo "this is no Debian: install what Debian 12 calls" $wanted >&2
    exit 1
}
missing=
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done

install_packages() {
    as_root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || {
            echo "packages are missing, and only root may install them.  Let root say:" >&2
            echo "  apt-get update && apt-get install -y --no-install-recommends$missing" >&2
            exit 1
        }
        as_root=sudo
    fi
    echo "installing:$missing"
    # env, because sudo lets no variable through.
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing >/dev/null
}
[ -z "$missing" ] || install_packages

# The browser tests' own tools: what the lock file says, into their folder.
browser=$(dirname "$0")/../tests/browser
if [ "${1:-build}" = test ] && ! cmp -s "$browser/package-lock.json" "$browser/node_modules/.installed"; then
    echo "installing: tests/browser/node_modules"
    (cd "$browser" && npm ci --ignore-scripts --loglevel=error)
    cp "$browser/package-lock.json" "$browser/node_modules/.installed"
fi
