-- Makes the shop's database, its owner and its roles, and gives them their passwords. The administrator runs it at every `docker compose up`.
\getenv owner OWNER
\getenv owner_password OWNER_PASSWORD
\getenv database DATABASE
\getenv project PROJECT
\getenv node_password NODE_PASSWORD
\getenv debezium_password DEBEZIUM_PASSWORD
SELECT format('CREATE ROLE %I LOGIN', :'owner') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \gexec
ALTER ROLE :"owner" LOGIN PASSWORD :'owner_password';
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
\connect :"database"
SET search_path = public, pg_temp; -- the database's own setting can name a schema with another pg_publication
-- Not where its schema is: the owner may have put triggers there, which would run as the administrator.
SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = 'millrace_' || :'project')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'millrace') AS is_new \gset
\if :is_new
  \ir init.sql
\else
  ALTER ROLE millrace_debezium PASSWORD :'debezium_password';
  ALTER ROLE millrace_node PASSWORD :'node_password';
\endif
