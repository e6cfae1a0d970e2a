#!/bin/bash
# Golden tests of protoc-gen-yw: proto in, code out; bad proto in, refusals out.
#
#   proto/compiler/golden/run.sh            compares, ends with "N passed, N failed"
#   proto/compiler/golden/run.sh --update   takes what comes out as expected; read the diff
#
# contract/     a contract that uses everything -> expected/
# lint/NAME/    contracts to be refused.  What is expected stands beside what is
#               wrong, as many as there are on a line:
#                   string a = 1;      //! text needs max_len
#               and for what has no line:  //!file text   anywhere in the file.
#               fields.lock, if there, is given as the lock; there "#! text" is
#               about the next line.
# YW_PLUGIN names another compiler than build/protoc-gen-yw.
set -u
cd "$(dirname "$0")/../../.."
golden=proto/compiler/golden
plugin=${YW_PLUGIN:-build/protoc-gen-yw}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# result NAME DIFFERENCE: empty is good.
result() {
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s\n%s\n' "$1" "$2"
    fi
}

# generate FOLDER OUT [--yw_opt=...]: errors are on stdout.
generate() {
    local folder=${1%/} out=$2
    shift 2
    mkdir -p "$out"
    protoc -I"$folder" -Iproto -I/usr/include --plugin=protoc-gen-yw="$plugin" "$@" \
        --yw_out="$out" "$folder"/*.proto 2>&1
}

# --- code -------------------------------------------------------------------

result "contract is accepted" "$(generate $golden/contract "$work/out")"
result "lock is written" "$(generate $golden/contract "$work/out" --yw_opt=relock)"
if [ "${1:-}" = --update ]; then
    rm -rf $golden/expected
    cp -r "$work/out" $golden/expected
fi
for file in $(cd "$work/out" && ls; cd - >/dev/null; ls $golden/expected); do echo "$file"; done | sort -u > "$work/names"
while read -r file; do
    result "expected/$file" "$(diff -u $golden/expected/"$file" "$work/out/$file" 2>&1)"
done < "$work/names"
result "lock is kept" "$(generate $golden/contract "$work/again" --yw_opt=lock="$work/out/fields.lock")"
result "twice the same" "$(rm -f "$work/out/fields.lock"; diff -r "$work/out" "$work/again")"

# What was written compiles, and the JSON is JSON.
protoc -I$golden/contract -Iproto -I/usr/include --c_out="$work/out" $golden/contract/*.proto \
    proto/yiwang/*.proto google/protobuf/timestamp.proto google/protobuf/descriptor.proto protobuf-c/protobuf-c.proto 2>/dev/null
for file in "$work"/out/*.c; do
    case $file in *.pb-c.c) continue ;; esac
    result "$(basename "$file") compiles" "$(gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -fsyntax-only -I"$work/out" \
        -isystem "$work/out" $(printf -- '-Ilibcommon/%s ' base wire store bus rpc) "$file" 2>&1)"
done
for file in "$work"/out/*.json; do
    result "$(basename "$file") is JSON" "$(python3 -m json.tool "$file" 2>&1 >/dev/null)"
done

# --- refusals ----------------------------------------------------------------

# "file:line text" of each mark.
expected_of() {
    awk '{
        name = FILENAME; sub(/.*\//, "", name)
        n = split($0, part, "//!")
        for (i = 2; i <= n; i++) {
            text = part[i]; where = name ":" FNR
            if (sub(/^file /, "", text)) where = name
            gsub(/^ +| +$/, "", text)
            print where " " text
        }
        if (name == "fields.lock" && sub(/^#! /, "", $0)) print name ":" FNR + 1 " " $0
    }' "$1"/*.proto $(ls "$1"/fields.lock 2>/dev/null)
}

for folder in $golden/lint/*/; do
    options=()
    [ -f "$folder/fields.lock" ] && options=(--yw_opt=lock="$folder/fields.lock")
    generate "$folder" "$work/refused" "${options[@]}" > "$work/said"
    # "library.proto:9: library.Book.title: text" -> "library.proto:9 text"
    sed -nE 's/^([a-z_.]+(:[0-9]+)?): [A-Za-z0-9_.]+: (.*)$/\1 \3/p' "$work/said" | sort > "$work/actual"
    expected_of "$folder" | sort > "$work/expected"
    result "lint/$(basename "$folder") has marks" "$([ -s "$work/expected" ] || echo none)"
    result "lint/$(basename "$folder")" "$(diff -u "$work/expected" "$work/actual")"
    result "lint/$(basename "$folder") writes nothing" "$(ls "$work/refused")"
done

# --- how it is called ---------------------------------------------------------

result "unknown option" "$(generate $golden/contract "$work/none" --yw_opt=nonsense | grep -q 'unknown option nonsense' || echo accepted)"
result "lock that is not there" "$(generate $golden/contract "$work/none" --yw_opt=lock=/nowhere | grep -q 'cannot read /nowhere' || echo accepted)"
result "no request on stdin" "$(echo nonsense | "$plugin" 2>&1 | grep -q 'holds no request' || echo accepted)"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
