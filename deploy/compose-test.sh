#!/bin/bash
# `make compose-test`: the containers from nothing to gone, as an operator would use them.
#
# Takes the Docker engine that is there; as root it starts one of its own where none runs, and makes
# the base image with debootstrap where no registry answers.  Where neither can be had it says that
# nothing was tested.  It ends what it started.
#
#   COMPOSE="docker compose" make compose-test     another compose than the first one found
#   YW_BASE=IMAGE make compose-test                another base
#   KEEP=1 make compose-test                       leave the containers running at the end
#   STEPS="demo upgrade" make compose-test         only these steps (functions test_* of compose_test.py)
set -euo pipefail
cd "$(dirname "$0")/.."
project=yiwangtest
work=$(mktemp -d /tmp/yiwang-compose.XXXXXX)
engine=

not_run() {
    echo "compose-test did not run: $1"
    exit 0
}

cleanup() {
    if [ -n "$engine" ]; then
        kill "$engine" 2>/dev/null || true
        for _ in $(seq 100); do kill -0 "$engine" 2>/dev/null || break; sleep 0.2; done
    fi
    umount -q "$work"/docker/*/netns/default 2>/dev/null || true
    rm -rf "$work" 2>/dev/null || true
}
trap cleanup EXIT

# --- an engine -----------------------------------------------------------------------------
command -v docker >/dev/null || not_run "there is no docker command (apt-get install docker.io docker-compose)"
if ! docker version >/dev/null 2>&1; then
    [ "$(id -u)" = 0 ] || not_run "no Docker engine answers, and only root may start one"
    command -v dockerd >/dev/null || not_run "no Docker engine answers, and there is none to start (apt-get install docker.io)"
    mkdir -p "$work/docker"
    export DOCKER_HOST=unix://$work/docker.sock
    dockerd --data-root "${YW_TEST_DOCKER:-/var/tmp/yiwang-compose-docker}" --exec-root "$work/docker" \
        --host "$DOCKER_HOST" --pidfile "$work/docker.pid" > "$work/dockerd.log" 2>&1 &
    engine=$!
    for _ in $(seq 150); do
        docker version >/dev/null 2>&1 && break
        kill -0 "$engine" 2>/dev/null || { tail -5 "$work/dockerd.log"; engine=; not_run "the Docker engine does not start here"; }
        sleep 0.2
    done
    docker version >/dev/null 2>&1 || not_run "the Docker engine does not answer"
    echo "started a Docker engine of our own"
fi
if [ -z "${COMPOSE:-}" ]; then
    if docker compose version >/dev/null 2>&1; then COMPOSE="docker compose"
    elif command -v docker-compose >/dev/null; then COMPOSE=docker-compose
    else not_run "there is no docker-compose"; fi
fi
echo "engine $(docker version --format '{{.Server.Version}}'), $($COMPOSE version --short 2>/dev/null | head -1) ($COMPOSE)"

# --- a base ----------------------------------------------------------------------------------
: "${YW_BASE:=debian:12-slim}"
have() { docker image inspect "$1" >/dev/null 2>&1; }
if ! have "$YW_BASE" && ! timeout 60 docker pull -q "$YW_BASE" >/dev/null 2>&1; then
    YW_BASE=yiwang-base:12
    if ! have "$YW_BASE"; then
        [ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null ||
            not_run "no registry gives debian:12-slim, and only root with debootstrap can make it"
        echo "no registry answers: making the base with debootstrap"
        mirror=http://deb.debian.org
        debootstrap --variant=minbase bookworm "$work/base" $mirror/debian > "$work/debootstrap.log" ||
            { tail -3 "$work/debootstrap.log"; not_run "debootstrap cannot make the base"; }
        rm -rf "$work"/base/var/cache/apt/archives/*.deb "$work"/base/var/lib/apt/lists/*
        printf 'deb %s bookworm main\n' "$mirror/debian" > "$work/base/etc/apt/sources.list"
        printf 'deb %s bookworm-updates main\n' "$mirror/debian" >> "$work/base/etc/apt/sources.list"
        printf 'deb %s bookworm-security main\n' "$mirror/debian-security" >> "$work/base/etc/apt/sources.list"
        tar -C "$work/base" -c . | docker import - "$YW_BASE" >/dev/null
        rm -rf "$work/base"
    fi
fi
export COMPOSE YW_BASE COMPOSE_PROJECT_NAME=$project

/usr/bin/python3 deploy/compose_test.py "$work"
