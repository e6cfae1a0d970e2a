#!/bin/sh
# embed.sh NAME FOLDER - writes the migrations of a service as C to stdout.
#
# FOLDER/0001_what.sql, 0002_more.sql ... become NAME_migrations[] in the order of
# their names, so a service is one file and its schema cannot be lost.  Each line
# is a string literal of its own; compilers join them, of whatever length.
set -eu
LC_ALL=C
export LC_ALL

[ $# -eq 2 ] || { echo "usage: embed.sh NAME FOLDER" >&2; exit 2; }
name=$1
folder=$2
case $name in
'' | [0-9]* | *[!a-z0-9_]*) echo "embed.sh: '$name' is no C name" >&2; exit 2 ;;
esac
[ -d "$folder" ] || { echo "embed.sh: no folder $folder" >&2; exit 1; }

echo "/* Made by libcommon/store/embed.sh from services/$name/schema; change those. */"
echo '#include "store.h"'
echo
echo "const migration_t ${name}_migrations[] = {"

count=0
before=0000
for file in "$folder"/*.sql; do
    [ -e "$file" ] || continue
    base=${file##*/}
    case $base in
    [0-9][0-9][0-9][0-9]_*[!a-z0-9_.]*.sql) ok= ;;
    [0-9][0-9][0-9][0-9]_?*.sql) ok=yes ;;
    *) ok= ;;
    esac
    [ "$ok" ] || { echo "embed.sh: $file: name it like 0001_cases.sql" >&2; exit 1; }
    number=${base%%_*}
    # 0000 belongs to the ledger; two files of one number have no order.
    [ "$number" != "$before" ] || { echo "embed.sh: $file: number $number is taken" >&2; exit 1; }
    before=$number
    count=$((count + 1))
    printf '    {"%s",\n' "$base"
    # '?' is escaped because of C's trigraphs.
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/\r$//' -e 's/\t/\\t/g' \
        -e 's/^/     "/' -e 's/$/\\n"/' "$file"
    printf '     ""},\n'
done

[ $count -gt 0 ] || echo '    {0, 0},'
echo "};"
echo "const size_t ${name}_migration_count = $count;"
