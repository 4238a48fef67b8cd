#!/bin/bash
# Copies the primary once, then follows it. PGPASSWORD, PRIMARY and PGDATA are set.
set -euo pipefail
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    chmod 700 "$PGDATA"
    until pg_basebackup --host "$PRIMARY" --username replica --pgdata "$PGDATA" --wal-method stream --slot replica --write-recovery-conf; do
        sleep 2
    done
fi
exec postgres -c max_connections=400
