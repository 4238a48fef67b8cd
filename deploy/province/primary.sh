#!/bin/bash
# Once, when the primary is made: an account that may only copy, for the replica.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -v secret="$REPLICATION_PASSWORD" --username "$POSTGRES_USER" <<'SQL'
CREATE ROLE replica WITH REPLICATION LOGIN PASSWORD :'secret';
SELECT pg_create_physical_replication_slot('replica');
SQL
echo "host replication replica all scram-sha-256" >> "$PGDATA/pg_hba.conf"
