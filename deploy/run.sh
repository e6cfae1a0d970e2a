#!/bin/sh
# Starts the platform, loads the starter data the first time, and says where to go.
#   deploy/run.sh YW
set -eu
yw=$1
mkdir -p run
"$yw" start
if [ ! -e data/starter.done ]; then
    "$yw" starter > run/starter.log || { cat run/starter.log; exit 1; }
    touch data/starter.done
    echo "starter data loaded (run/starter.log)"
fi
port=${YIWANG_GATEWAY_PORT:-$(sed -n 's/^port *= *\([0-9]*\).*/\1/p' deploy/yiwang.conf | head -1)}
cat <<TEXT

  yiwang is running.
  portal          https://localhost:$port/
  console         https://localhost:$port/console
  JSON API        https://localhost:$port/api/v1/items?q=施工许可
  its contract    https://localhost:$port/api/openapi.json
  state           $yw status      $yw doctor
  the main job    make demo
  stop            make stop

  The certificate is self-made: curl -k, or put your own into data/keys.
  Demo accounts: deploy/starter/README.md.
TEXT
