#!/bin/sh
# Proves the prover: plants one bug after the other and looks how many seeds the simulation needs to find it.
#   tests/sim/mutants.sh OUT SEEDS JOBS COMPILE LINK [NAME...]     (make sim-mutants passes these)
# A bug is a patch in tests/sim/mutants; its first line says what is wrong.  The patched file is compiled
# beside the others and linked before the libraries, so nothing else is built anew.
out=$1 seeds=$2 jobs=$3 compile=$4 link=$5; shift 5
work=$out/sim/mutants
mkdir -p "$work"
found=0 missed=0
for patch in tests/sim/mutants/*.patch; do
    name=$(basename "$patch" .patch)
    if [ $# -gt 0 ]; then
        case " $* " in *" $name "*) ;; *) continue ;; esac
    fi
    file=$(sed -n 's,^+++ b/,,p' "$patch")
    # A patch that does not fit any more is a fault of the tests, not a bug found.
    if ! patch -s -o "$work/$name.c" "$file" "$patch" >"$work/$name.log" 2>&1 ||
       ! $compile -w "-I$(dirname "$file")" -c "$work/$name.c" -o "$work/$name.o" >>"$work/$name.log" 2>&1 ||
       ! sh -c "$(printf '%s' "$link" | sed "s,@MUTANT@,$work/$name.o,; s,@OUT@,$work/$name,")" >>"$work/$name.log" 2>&1; then
        echo "$name: the patch does not fit $file; see $work/$name.log"
        missed=$((missed + 1))
        continue
    fi
    SIM_LINES=8 timeout 900 "$work/$name" --stop --jobs "$jobs" "1-$seeds" >"$work/$name.log" 2>&1
    status=$?
    if [ $status -ne 0 ] && grep -q 'BROKEN\|by signal' "$work/$name.log"; then
        found=$((found + 1))
        seed=$(sed -n 's/^seed \([0-9]*\): BROKEN.*/\1/p' "$work/$name.log" | head -1)
        how=$(sed -n 's/^seed [0-9]*: BROKEN \([^:]*\):.*/\1/p' "$work/$name.log" | head -1)
        printf '%-36s seed %-4s %s\n' "$name" "${seed:-?}" "${how:-crash}"
    else
        missed=$((missed + 1))
        printf '%-36s NOT FOUND: %s\n' "$name" "$(head -1 "$patch")"
    fi
    rm -f "$work/$name" "$work/$name.o"
done
echo "$((100 * found / (found + missed))) % of $((found + missed)) planted bugs found within $seeds seeds"
echo "$found passed, $missed failed"
[ $missed -eq 0 ] || [ $((100 * found)) -ge $((95 * (found + missed))) ]
