#!/bin/sh
# All tests, from the smallest to the largest; ends with the one line "N passed, N failed".
#   tests/run.sh OUT FUZZ...          (OUT: build/plain or another variant; FUZZ: built fuzz targets)
out=$1; shift
passed=0 failed=0
log=$(mktemp)
step() {                        # step NAME COMMAND...
    name=$1; shift
    echo "== $name"
    "$@" > "$log" 2>&1; status=$?
    last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -1)
    p=${last%% passed*}; f=${last#* passed, }; f=${f%% failed*}; f=${f%%,*}
    if [ -z "$last" ] || [ "$f" != 0 ] || [ $status != 0 ]; then
        tail -80 "$log"
        [ -n "$last" ] && [ "$f" != 0 ] || f=1
    fi
    echo "   ${p:-0} passed, $f failed"
    passed=$((passed + ${p:-0})); failed=$((failed + f))
}
# shellcheck disable=SC2046
step "unit and golden" tests/unit.sh $(find "$out/test" -type f -perm -u+x | sort)
step "cost" /usr/bin/python3 tests/cost/run.py "$out"
step "kits" /usr/bin/python3 tests/kits/kits_test.py --out "$out"
step "flow" /usr/bin/python3 tests/flow/run.py --out "$out"
step "fault" /usr/bin/python3 tests/flow/run.py --out "$out" --folder tests/fault
step "browser" /usr/bin/python3 tests/browser/run.py --out "$out"
# Its fibers and sanitizers do not go together.
[ -x "$out/bin/sim" ] && step "sim" "$out/bin/sim" --jobs "$(nproc)" 1-1000
step "fuzz" tests/fuzz/run.sh 3 "$@"
rm -f "$log"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
