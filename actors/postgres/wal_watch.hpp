#pragma once

/// How far PostgreSQL's WAL is, for a thread that must not wait for PostgreSQL. A record with an LSN that the
/// WAL hasn't reached isn't PostgreSQL's.
///
///     asked = watch.ask()          at any time
///     watch.answer(asked)          nullopt: not yet. Else the WAL's end, read after that question

#include "actors/postgres/session.hpp"
#include "messages/units.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace millrace::postgres {

/// Asks in a thread and a session of its own, one question at a time. Another server at that address isn't
/// believed. While PostgreSQL is away it tries again each second. Safe for several threads.
class wal_watch {
 public:
  /// `system_identifier`: of the server whose WAL it is; empty: whichever is there.
  explicit wal_watch(settings how, std::string system_identifier = {});
  ~wal_watch();

  /// Returns the end that was last read; 0: none yet.
  lsn known() const;
  /// Asks for the end as it is from now on. Doesn't wait. Questions of the same moment are one query.
  std::uint64_t ask();
  /// Returns the WAL's end as of a moment after the question, once it is known.
  std::optional<lsn> answer(std::uint64_t question) const;
  /// Returns why there is no answer; empty: nothing is wrong.
  std::string trouble() const;

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

} // namespace millrace::postgres
