#!/bin/sh
# Run once by the database's image, on an empty volume: who writes entries is not who owns the tables.
set -eu
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
    --set=password="$(cat /run/secrets/server_password)" <<'SQL'
CREATE ROLE registry_server LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
SQL
