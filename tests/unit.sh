#!/bin/sh
# Runs unit test programs and the generator's golden files; ends with "N passed, N failed".
#   tests/unit.sh PROGRAM...
passed=0 failed=0
count() {                       # count NAME OUTPUT
    last=$(printf '%s\n' "$2" | grep -E '^[0-9]+ passed, [0-9]+ failed' | tail -1)
    p=${last%% passed*}; f=${last#* passed, }; f=${f%% failed*}
    if [ -z "$last" ] || [ "$f" != 0 ] || [ "$3" != 0 ]; then
        printf '%s\n' "$2" | tail -40
        echo "FAILED $1"
        [ -n "$last" ] && [ "$f" != 0 ] || f=1
    fi
    passed=$((passed + ${p:-0})); failed=$((failed + ${f:-1}))
}
for program in "$@"; do
    output=$("$program" 2>&1); count "$program" "$output" $?
done
output=$(proto/compiler/golden/run.sh 2>&1); count "golden files" "$output" $?
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
