#!/bin/sh
# Run once by the database's own image: the roles of README ("In production"), and whose the database is.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres -d sbrtspine -v owner="$OWNER_PASSWORD" -v app="$APP_PASSWORD" -v backup="$BACKUP_PASSWORD" <<'SQL'
CREATE ROLE sbrtspine_owner LOGIN PASSWORD :'owner';
CREATE ROLE sbrtspine_app LOGIN PASSWORD :'app';
CREATE ROLE sbrtspine_backup LOGIN BYPASSRLS PASSWORD :'backup' IN ROLE pg_read_all_data;
ALTER DATABASE sbrtspine OWNER TO sbrtspine_owner;
ALTER SCHEMA public OWNER TO sbrtspine_owner;
SQL
