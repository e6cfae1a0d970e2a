#!/bin/sh
# What `make install` does: everything that runs, stripped, into DESTDIR.
#   deploy/install.sh OUT DESTDIR PREFIX
#
#   PREFIX/lib/yiwang/     the programs: their names are too common for a bin folder
#   PREFIX/bin/yw          the one that people call
#   PREFIX/lib/yiwang/jobs what timers and containers run: backup, metrics, starter data
#   PREFIX/share/yiwang/   pages, static files, starter data
#   PREFIX/lib/systemd/    units; PREFIX/lib/sysusers.d the user they run as
#   /etc/yiwang/           yiwang.conf, which is yours: written only where there is none
set -eu
out=$1 destination=$2 prefix=$3
cd "$(dirname "$0")/.."

programs=$destination$prefix/lib/yiwang
share=$destination$prefix/share/yiwang
units=$destination$prefix/lib/systemd/system
etc=$destination/etc/yiwang

install -d "$programs/jobs" "$share" "$units" "$destination$prefix/bin" "$destination$prefix/lib/sysusers.d" "$etc"
for program in broker gateway identity catalog case yw; do
    install -s -m 755 "$out/bin/$program" "$programs/.$program.new"
    mv -f "$programs/.$program.new" "$programs/$program" # what runs goes on with the old one
done
ln -sf ../lib/yiwang/yw "$destination$prefix/bin/yw"
install -m 755 deploy/jobs/*.sh "$programs/jobs"

for folder in services/gateway/pages services/gateway/static deploy/starter; do
    name=$(basename "$folder")
    rm -rf "$share/.$name.new"
    cp -R "$folder" "$share/.$name.new"
    find "$share/.$name.new" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
    rm -rf "${share:?}/$name"
    mv "$share/.$name.new" "$share/$name"
done

# The settings of the tree, with the paths of an installation.
sed -e "s|^run_dir *=.*|run_dir = /run/yiwang|" \
    -e "s|^data_dir *=.*|data_dir = /var/lib/yiwang\nstarter = $prefix/share/yiwang/starter|" \
    -e "s|^pages *=.*|pages = $prefix/share/yiwang/pages|" \
    -e "s|^static *=.*|static = $prefix/share/yiwang/static|" \
    deploy/yiwang.conf > "$etc/yiwang.conf.new"
chmod 644 "$etc/yiwang.conf.new"
if [ ! -e "$etc/yiwang.conf" ]; then
    mv "$etc/yiwang.conf.new" "$etc/yiwang.conf"
elif cmp -s "$etc/yiwang.conf" "$etc/yiwang.conf.new"; then
    rm "$etc/yiwang.conf.new"
else
    echo "$etc/yiwang.conf stays; compare it with yiwang.conf.new beside it"
fi

for unit in deploy/systemd/*.service deploy/systemd/*.timer; do
    sed "s|@PREFIX@|$prefix|g" "$unit" > "$units/$(basename "$unit")"
    chmod 644 "$units/$(basename "$unit")"
done
install -m 644 deploy/systemd/yiwang.sysusers "$destination$prefix/lib/sysusers.d/yiwang.conf"
