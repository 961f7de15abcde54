#!/usr/bin/env bash
# Builds the InfluxDB server that tests run, from its Go module as go.mod pins it, and prints where it is.
# What is built already is not built again. Needs go, cargo and a C compiler, and about eight minutes on two cores.
set -euo pipefail

version=2.7.12
place=${LUMENWARD_CACHE:-$HOME/.cache/lumenward}/influxd
server=$place/influxd-$version
if [ -x "$server" ]; then
    echo "$server"
    exit
fi

for program in go cargo cc; do
    if ! command -v "$program" >/dev/null; then
        echo "$program is missing: InfluxDB $version is built with Go 1.23 or newer, Rust 1.72 or newer, and a C compiler" >&2
        exit 1
    fi
done

cd "$(dirname "$0")"
mkdir -p "$place"
go build -o "$place/pkg-config" github.com/influxdata/pkg-config

# The module's Rust part turns warnings into errors, and a newer compiler warns of more.
lenient=$place/rustc-lenient
printf '#!/bin/sh\nexec "$@" --cap-lints warn\n' >"$lenient"
chmod +x "$lenient"
if command -v rustup >/dev/null; then
    # It also asks for the Rust of its day; the one that is installed will do.
    RUSTUP_TOOLCHAIN=$(cd / && rustup show active-toolchain | cut -d' ' -f1)
    export RUSTUP_TOOLCHAIN
fi

part=$(mktemp "$server.XXXXXX")
trap 'rm -f "$part"' EXIT
RUSTC_WRAPPER=$lenient PKG_CONFIG=$place/pkg-config go build -o "$part" -tags sqlite_foreign_keys,sqlite_json \
    -ldflags "-s -w -X main.version=$version" github.com/influxdata/influxdb/v2/cmd/influxd >&2
chmod 755 "$part"
mv "$part" "$server"
echo "$server"
