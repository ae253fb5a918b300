#pragma once

/// Why a database can't be read by its stream, and what mends it.

#include "messages/error.hpp"

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace millrace::postgres {

/// A problem's kind, for code that handles it.
enum class trouble {
  unavailable,          ///< the server doesn't answer, or the connection was lost: connect again
  denied,               ///< the login is refused, or a right is missing
  rejected,             ///< the server rejects the command for another reason
  pooler,               ///< the address is a connection pooler's, which can't replicate
  too_old,              ///< the server's version
  standby,              ///< the server is a standby
  wal_level,            ///< isn't logical
  no_replication_right, ///< of the role
  no_free_slot,         ///< max_replication_slots
  no_free_walsender,    ///< max_wal_senders
  slot_exists,          ///< one with the name, where a new one was wanted
  slot_missing,         ///< there is none with the name
  slot_foreign,         ///< of another database, plugin or kind
  slot_in_use,          ///< another process reads it
  slot_lost,            ///< the server removed WAL that it needs
  slot_waits,           ///< it can't be created until open transactions have ended
  publication_missing,  ///< there is none with the name
  filters_rows,         ///< the publication leaves out rows of a table
  hides_columns,        ///< the publication leaves out columns that figures use
  leaves_out,           ///< the publication leaves out an operation, such as DELETE
  unpublished,          ///< the table isn't in the publication
  identity_differs,     ///< a partition has another replica identity than its table
  rewritten,            ///< the table was rewritten or truncated since the snapshot
  protocol,             ///< the server sent what the protocol doesn't have
  other_server,         ///< another system identifier or timeline than before
};

struct problem {
  trouble what = trouble::rejected;
  std::string message; ///< what is wrong, and where. Never has a password
  std::string mend;    ///< a statement, a setting or an action; empty if only the server's message tells

  /// Returns both in one text.
  std::string text() const { return mend.empty() ? message : message + "; " + mend; }
  /// Returns it in the kinds that all modules know.
  error as_error() const;
};

/// A value, or the problem that explains why there is none.
template <class T>
class outcome {
 public:
  outcome(T x) : content_(std::move(x)) {}
  outcome(problem x) : content_(std::move(x)) {}
  explicit operator bool() const { return content_.index() == 0; }
  T& operator*() { return std::get<0>(content_); }
  const T& operator*() const { return std::get<0>(content_); }
  T* operator->() { return &std::get<0>(content_); }
  const T* operator->() const { return &std::get<0>(content_); }
  const problem& why() const { return std::get<1>(content_); }

 private:
  std::variant<T, problem> content_;
};

template <>
class outcome<void> {
 public:
  outcome() = default;
  outcome(problem x) : problem_(std::move(x)) {}
  explicit operator bool() const { return !problem_; }
  const problem& why() const { return *problem_; }

 private:
  std::optional<problem> problem_;
};

/// Returns the problem of an error that has no kind of its own here.
problem problem_of(const error& x);
/// Returns the problem of a connection for replication that was refused.
problem refused_replication(const error& x, const std::string& role);

} // namespace millrace::postgres
