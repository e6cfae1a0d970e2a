#!/bin/sh
# make-holidays.sh [FROM TO] > holidays.csv - official days off and made-up working days as facts.
#
# The State Council's yearly notices are the source of law; the npm package chinese-days
# (MIT) collects them.  Run it again when a new year's notice is out, look at the
# difference, and import the file: yw import holidays.  Needs npm and node, once; the
# platform needs neither.
set -eu
package=chinese-days@1.5.7
from=${1:-2024}
to=${2:-2026}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm pack "$package" --silent >/dev/null && tar xzf chinese-days-*.tgz)

node - "$folder/package/dist/chinese-days.json" "$from" "$to" <<'NODE'
const [, , path, from, to] = process.argv;
const { holidays, workdays } = require(path);
const days = [];
const take = (list, off) => {
    for (const [date, text] of Object.entries(list))
        if (date.slice(0, 4) >= from && date.slice(0, 4) <= to)
            days.push(`${date},${text.split(",")[1]},${off}`);
};
take(holidays, 1);
take(workdays, 0);
console.log("date,name,is_off_day");
console.log(days.sort().join("\n"));
NODE
