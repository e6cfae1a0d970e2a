#!/bin/sh
# One backup into FOLDER/DATE-TIME, verified; of the older ones YW_BACKUP_KEEP (14) stay.
#   backup.sh FOLDER
# FOLDER/last is touched when all went well: its age tells whether the job works.
set -eu
folder=$1
yw=${YW:-yw}
keep=${YW_BACKUP_KEEP:-14}
name=$(date +%Y-%m-%d-%H%M%S)

"$yw" backup "$folder/$name" || {
    rm -rf "${folder:?}/$name" # no manifest, no backup
    exit 1
}
"$yw" verify "$folder/$name"
touch "$folder/last"

# Only what is a finished backup of ours, by its name and its manifest.
ls -1 "$folder" | grep -x '[0-9]\{4\}-[0-9][0-9]-[0-9][0-9]-[0-9]\{6\}' | sort -r | tail -n "+$((keep + 1))" |
while read -r old; do
    if [ -e "$folder/$old/manifest" ]; then
        rm -rf "${folder:?}/$old"
        echo "removed $folder/$old"
    fi
done
