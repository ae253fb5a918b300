#pragma once

/// The messages of PostgreSQL's output plugin pgoutput, protocol version 1, values as text.
/// Source: PostgreSQL, "Logical Replication Message Formats".

#include "messages/error.hpp"
#include "messages/units.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace::postgres::pgoutput {

/// A relation's OID in its database.
using relation_oid = strong<struct relation_oid_tag, std::uint32_t>;
/// A time of the server's clock.
using timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// One column of a row.
struct field {
  enum class kind : std::uint8_t {
    null,
    unchanged, ///< a long value (TOAST) that the UPDATE didn't touch, and the WAL doesn't contain
    text,      ///< as the type's output function prints it in the walsender's session
  };
  kind what = kind::null;
  std::string_view content; ///< of `text`
};
using tuple = std::span<const field>;

/// What the server sends of an old row.
struct old_tuple {
  bool whole = false; ///< REPLICA IDENTITY FULL; else only the columns of the identity, the others null
  tuple fields;
};

struct begin {
  lsn commit; ///< LSN of the transaction's commit record
  timestamp committed;
  std::uint32_t xid = 0;
};

struct commit {
  lsn at;  ///< as in `begin`
  lsn end; ///< LSN after the commit record
  timestamp committed;
};

/// The transaction was replicated from elsewhere.
struct origin {
  lsn commit; ///< on the origin
  std::string_view name;
};

struct relation_column {
  bool identity = false; ///< part of the replica identity
  std::string_view name;
  std::uint32_t type = 0;     ///< its OID
  std::int32_t modifier = -1; ///< length, precision
};

/// Describes the rows that follow. Comes before a relation's first row, and again after it has changed.
struct relation {
  relation_oid id;
  std::string_view schema, name;
  char identity = 'd'; ///< pg_class.relreplident: d, n, f, i
  std::span<const relation_column> columns;
};

/// Describes a type that isn't PostgreSQL's own.
struct type {
  std::uint32_t id = 0;
  std::string_view schema, name;
};

struct insert {
  relation_oid relation;
  tuple fresh;
};

struct update {
  relation_oid relation;
  std::optional<old_tuple> old; ///< nullopt: the identity didn't change, and isn't FULL
  tuple fresh;
};

struct remove {
  relation_oid relation;
  old_tuple old;
};

struct truncate {
  std::vector<relation_oid> relations;
  bool cascade = false, restart_identity = false;
};

/// Of pg_logical_emit_message().
struct message {
  bool transactional = false;
  lsn at;
  std::string_view prefix, content;
};

using any = std::variant<begin, commit, origin, relation, type, insert, update, remove, truncate, message>;

/// Reads messages. For one thread; reuses its memory.
class reader {
 public:
  /// Reads one message. What it returns refers to `bytes` and to this reader, until the next call. An error
  /// (bad_record) names the message and the offset of the byte that can't be read. Needs no more memory
  /// than a small multiple of the bytes.
  result<any> read(std::string_view bytes);

 private:
  std::vector<field> old_, fresh_;
  std::vector<relation_column> columns_;
};

} // namespace millrace::postgres::pgoutput
