#!/bin/sh
# Measures the platform beside the floors of its libraries and prints one table (README.md).
#   tests/load/run.sh OUT [WORD...]      (OUT: build/plain; WORD: only measures named so)
# BENCH_MINUTES=10 for the long look at memory, BENCH_SECONDS and BENCH_ROUNDS for the rest.
out=$1
shift
exec /usr/bin/python3 "$(dirname "$0")/bench.py" --out "$out" "$@"
