#!/bin/sh
# The starter data once, when YW_STARTER is "sample".
#   starter.sh MARK        the file MARK remembers that it was done
set -eu
if [ "${YW_STARTER:-none}" != sample ]; then
    echo "no starter data wanted"
elif [ -e "$1" ]; then
    echo "starter data was loaded before"
else
    yw starter
    touch "$1"
fi
