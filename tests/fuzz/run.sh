#!/bin/sh
# Runs fuzz targets, each for some seconds from its seeds in tests/fuzz/corpus/NAME.
#   tests/fuzz/run.sh SECONDS TARGET...
# New inputs are kept in build/fuzz/corpus/NAME for the next run, what breaks a target in
# build/fuzz/crash-NAME-*: put it into the corpus together with the repair.
seconds=$1; shift
cd "$(dirname "$0")/../.." || exit 2
passed=0 failed=0
for target; do
    name=$(basename "$target")
    found=build/fuzz/corpus/$name seeds=tests/fuzz/corpus/$name log=build/fuzz/$name.log
    mkdir -p "$found"
    [ -d "$seeds" ] || seeds=
    # Memory and time of one input are limited: what grows or hangs is a failure, too.
    # shellcheck disable=SC2086
    if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 \
                 -artifact_prefix="build/fuzz/crash-$name-" "$found" $seeds > "$log" 2>&1; then
        passed=$((passed + 1))
        echo "  ok   $name: $(sed -n 's/^Done \([0-9]*\) runs.*/\1 inputs/p' "$log")"
    else
        failed=$((failed + 1))
        echo "  FAIL $name, see $log"
        grep -vE '^#[0-9]+' "$log" | tail -30
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
