#!/bin/sh
# Verifies the pack in whose folder this stands, or the one that is named: sh verify.sh [PACK.zip] [--help]
# Needs openssl, jose and python3 (3.8 or newer, its standard library alone). Nothing is sent anywhere.
set -eu
case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
here=$(cd -- "$here" && pwd)
for tool in openssl jose python3; do
    command -v "$tool" >/dev/null 2>&1 || {
        echo "verify.sh needs $tool and does not find it." >&2
        exit 2
    }
done
exec python3 -I "$here/verify.py" "$@"
