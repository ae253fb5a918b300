#pragma once

/// What a database has of all that a project needs in it, read from its catalog.

#include "actors/postgres/session.hpp"

#include <map>
#include <set>

namespace millrace::project {

/// The names that a project has in PostgreSQL.
struct names {
  std::string project;
  std::string own_schema;    ///< of signal table and anchor
  std::string slot;          ///< the publication's name too
  std::string node_role;     ///< reads tables, writes signals
  std::string debezium_role; ///< reads tables and the log
};

/// A table's name: schema and name.
using table_name = std::pair<std::string, std::string>;

/// What a role may do; nothing where it doesn't exist.
struct role_facts {
  bool exists = false;
  bool login = false;
  bool replication = false; ///< or superuser
  bool signals = false;     ///< INSERT and DELETE on the signal table
  bool anchor = false;      ///< SELECT on the anchor
  bool own_schema = false;  ///< USAGE
  bool operator==(const role_facts&) const = default;
};

struct table_facts {
  char identity = 'd'; ///< pg_class.relreplident: default, nothing, full, index
  std::uint64_t bytes = 0;
  bool node_reads = false, debezium_reads = false;   ///< SELECT, and USAGE on the schema
  bool row_security = false;                         ///< there are policies, for some roles
  bool node_misses = false, debezium_misses = false; ///< row level security hides rows
};

struct facts {
  std::string database, user;
  bool superuser = false;
  bool standby = false;
  int version = 0;              ///< server_version_num
  std::string encoding_trouble; ///< why its texts can't be carried; empty: they can
  std::string wal_level;
  int slots = 0, slots_taken = 0, senders = 0; ///< max_replication_slots, others' slots, max_wal_senders
  std::string slot_database;                   ///< of a slot with the project's name; empty: there is none
  bool user_may_create = false;                ///< schemas and publications, in this database
  role_facts node, debezium;
  bool own_schema = false, signal_table = false, anchor_table = false, anchor_row = false;
  bool publication = false, publishes_all_tables = false, publishes_all_changes = false;
  std::set<table_name> published;
  std::map<table_name, table_facts> tables;
  std::set<std::string> keywords; ///< that SQL takes as names in quotes only
};

result<facts> look_at(postgres::session& db, const names& of);

/// Returns a name as SQL takes it: in quotes only where that is needed.
std::string sql_name(const std::string& name, const std::set<std::string>& keywords);
std::string sql_name(const table_name& name, const std::set<std::string>& keywords);

} // namespace millrace::project
