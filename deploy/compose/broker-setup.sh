#!/bin/sh
# Brings certificate and passwords from the host to the broker's own volume, owned by its user and closed to others.
# Runs at every start and keeps the lines of devices that were enrolled meanwhile. Arguments: source, target, user id.
set -eu
source=$1 target=$2 user=$3
umask 077
touch "$target/passwords"
# Services' lines are taken anew, so that a changed password takes effect; every other line stays.
awk -F: 'NR == FNR { service[$1] = 1; print; next } !($1 in service)' \
    "$source/passwords" "$target/passwords" >"$target/passwords.draft"
mv "$target/passwords.draft" "$target/passwords"
cp "$source/server.crt" "$source/server.key" "$target/"
chown "$user:$user" "$target" "$target/passwords" "$target/server.crt" "$target/server.key"
chmod 0700 "$target"
chmod 0600 "$target/passwords" "$target/server.crt" "$target/server.key"
