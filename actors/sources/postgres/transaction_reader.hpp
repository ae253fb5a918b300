#pragma once

/// pgoutput's messages, in the order of one connection -> events with positions. Plain C++, without a
/// connection.

#include "actors/sources/postgres/table_decoder.hpp"

#include <map>
#include <unordered_map>

namespace millrace::postgres {

/// For one thread, and one connection: a new connection needs a new reader.
class transaction_reader {
 public:
  /// `plans` must outlive this.
  explicit transaction_reader(const plan_set& plans);

  /// Reads one message. `at` is the LSN that the server sends with it, of the WAL record that it comes from.
  /// Appends its events to `out`: none for a table that no figure reads. An error (bad_record) is a stream
  /// that can't go on: a message that isn't one, or one out of order. It names the message.
  result<void> read(std::string_view bytes, lsn at, std::vector<stream_event>& out);

  /// Returns whether a transaction has begun and not ended.
  bool in_transaction() const { return open_.has_value(); }
  /// Returns the position up to which everything was read. {0, 0} before the first transaction.
  wal_position reached() const { return reached_; }
  /// Returns how many rows were of tables that no figure reads.
  std::uint64_t skipped() const { return skipped_; }

 private:
  using table_ids = std::map<std::pair<std::string, std::string>, table_id>;

  /// A relation that the connection described.
  struct known_relation {
    std::size_t width = 0;
    const table_decoder* decoder = nullptr; ///< null: no figure reads it
    std::optional<relation_layout> layout;  ///< if there is a decoder
  };

  void take(const pgoutput::begin& x);
  void take(const pgoutput::commit& x);
  void take(const pgoutput::origin&) {}
  void take(const pgoutput::type&) {}
  void take(const pgoutput::relation& x);
  void take(const pgoutput::insert& x);
  void take(const pgoutput::update& x);
  void take(const pgoutput::remove& x);
  void take(const pgoutput::truncate& x);
  void take(const pgoutput::message& x);

  const known_relation& relation_of(pgoutput::relation_oid id, const char* message) const;
  static void want_width(const known_relation& by, pgoutput::tuple fields, const char* message);
  wal_position next_place();
  wal_position next_place(lsn at);
  void yield(row_change x, wal_position at);
  void yield(const known_relation& by, result<decoded_changes> x);

  std::map<table_id, table_decoder> decoders_;
  table_ids ids_; ///< captured tables by schema and name
  pgoutput::reader messages_;
  std::unordered_map<pgoutput::relation_oid, known_relation> relations_;
  std::optional<pgoutput::begin> open_; ///< the transaction being read
  lsn last_place_;                      ///< of the last change of the transaction being read
  wal_position reached_;
  std::uint64_t skipped_ = 0;

  // Of the call that is running.
  std::string_view bytes_;
  lsn at_;
  std::vector<stream_event>* out_ = nullptr;
};

} // namespace millrace::postgres
