#!/bin/sh
# A backup back into the volumes of the services, which must be stopped.
#   restore.sh NAME         the folder of /var/backups/yiwang, such as 2026-11-22-023000
# What is there is put aside into the folder before-DATE of each volume, nothing is removed.
set -eu
backup=/var/backups/yiwang/$1
work=/var/backups/yiwang/restoring
aside=before-$(date +%Y-%m-%d-%H%M%S)

if yw status >/dev/null 2>&1; then
    echo "the platform runs: stop it first" >&2
    exit 1
fi
# Checked as a whole (key, hashes), then copied, before anything is touched.
rm -rf "$work"
mkdir "$work"
YIWANG_PLATFORM_DATA_DIR=$work yw restore "$backup"
for path in "$work"/*.db; do
    name=$(basename "$path" .db)
    mkdir "/data/$name/$aside"
    for old in "/data/$name/$name".db*; do
        [ ! -e "$old" ] || mv "$old" "/data/$name/$aside"
    done
    cp "$path" "/data/$name/.$name.new"
    sync "/data/$name/.$name.new"
    mv "/data/$name/.$name.new" "/data/$name/$name.db"
    rm "$path"
done
rmdir "$work"
yw verify
echo "restored $1; what was there is in $aside of each volume; now docker-compose up -d"
