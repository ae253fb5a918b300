#pragma once

/// What a database already has of what a project needs, read from its catalog.

#include "actors/postgres/session.hpp"

#include <map>
#include <set>

namespace millrace::project {

/// A project's names in PostgreSQL.
struct names {
  std::string project;
  std::string own_schema;    ///< of the signal table and the anchor
  std::string slot;          ///< also the publication's name
  std::string node_role;     ///< reads tables, writes signals
  std::string debezium_role; ///< reads tables and the WAL
};

/// A table's name: schema and name.
using table_name = std::pair<std::string, std::string>;

/// A role's rights. All are false if the role doesn't exist.
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
  bool row_security = false;                         ///< it has policies, for some roles
  bool node_misses = false, debezium_misses = false; ///< row-level security hides rows from the role
};

struct facts {
  std::string database, user;
  bool superuser = false;
  bool standby = false;
  int version = 0;              ///< server_version_num
  std::string encoding_trouble; ///< why its texts can't be sent as UTF-8; empty: they can
  std::string wal_level;
  int slots = 0, slots_taken = 0, senders = 0; ///< max_replication_slots, slots of others, max_wal_senders
  std::string slot_database;    ///< database of the slot with the project's name; empty: no such slot
  bool user_may_create = false; ///< can create schemas and publications in this database
  role_facts node, debezium;
  bool own_schema = false, signal_table = false, anchor_table = false, anchor_row = false;
  /// Roles that own the own schema or its tables, and are neither this user, nor the database's owner, nor an
  /// administrator. Their triggers would run as whoever writes there.
  std::string strangers;
  bool publication = false, publishes_all_tables = false, publishes_all_changes = false;
  std::set<table_name> published;
  std::map<table_name, table_facts> tables;
  std::set<std::string> keywords; ///< words that are names in SQL only if quoted
};

result<facts> look_at(postgres::session& db, const names& of);

/// Returns a name for SQL, in quotes only if it needs them.
std::string sql_name(const std::string& name, const std::set<std::string>& keywords);
std::string sql_name(const table_name& name, const std::set<std::string>& keywords);

} // namespace millrace::project
