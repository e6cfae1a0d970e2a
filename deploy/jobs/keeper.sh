#!/bin/sh
# What somebody must do all the time: metrics twice a minute, a backup each night.
#   keeper.sh METRICS_FOLDER BACKUP_FOLDER
# YW_BACKUP_HOUR (02, Chinese time; "off": no backups) says when.
set -u
metrics=$1 backups=$2
hour=${YW_BACKUP_HOUR:-02}
jobs=$(dirname "$0")
running=
trap '[ -z "$running" ] || kill "$running"; exit 0' TERM INT

# In the background and waited for, or a signal would wait for its end.
await() {
    "$@" &
    running=$!
    wait "$running"
    set -- "$?"
    running=
    return "$1"
}

# Renamed when whole: the collector must not read half a file.
write_metrics() {
    yw metrics > "$metrics/.yiwang.new" || return
    if [ -e "$backups/last" ]; then
        printf '# HELP yiwang_backup_timestamp_seconds When the last good backup ended.\n'
        printf '# TYPE yiwang_backup_timestamp_seconds gauge\n'
        printf 'yiwang_backup_timestamp_seconds %s\n' "$(stat -c %Y "$backups/last")"
    fi >> "$metrics/.yiwang.new"
    chmod 644 "$metrics/.yiwang.new"
    mv "$metrics/.yiwang.new" "$metrics/yiwang.prom"
}

done_on=
while :; do
    await write_metrics
    today=$(TZ=CST-8 date +%F)
    if [ "$hour" != off ] && [ "$(TZ=CST-8 date +%H)" = "$hour" ] && [ "$done_on" != "$today" ]; then
        done_on=$today
        await env TZ=CST-8 "$jobs/backup.sh" "$backups" || echo "the backup of $today failed" >&2
    fi
    await sleep 30
done
