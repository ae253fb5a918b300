#pragma once

/// Errors say what, where, and what to do.

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace millrace {

/// The error's kind, for code that handles it.
enum class errc {
  bad_record,     ///< a record can't be decoded: send it to the dead-letter topic
  bad_setting,    ///< a setting is invalid: refuse to start
  refused_figure, ///< a figure isn't supported: refuse to start
  unavailable,    ///< a server doesn't answer: retry with backoff
  denied,         ///< a server rejects the login, or the user lacks a right
  fenced,         ///< another node claimed the cell: stop or claim again
  stale,          ///< the ledger isn't at this node's last flush: load the cell again
  corrupt,        ///< stored state can't be read
};

/// A kind, and a message for people.
struct error {
  errc code;
  std::string message;
};

/// A value, or the error that explains why there is none.
template <class T>
class result {
 public:
  result(T x) : content_(std::move(x)) {}
  result(error x) : content_(std::move(x)) {}
  explicit operator bool() const { return content_.index() == 0; }
  T& operator*() { return std::get<0>(content_); }
  const T& operator*() const { return std::get<0>(content_); }
  T* operator->() { return &std::get<0>(content_); }
  const T* operator->() const { return &std::get<0>(content_); }
  const error& why() const { return std::get<1>(content_); }

 private:
  std::variant<T, error> content_;
};

template <>
class result<void> {
 public:
  result() = default;
  result(error x) : error_(std::move(x)) {}
  explicit operator bool() const { return !error_; }
  const error& why() const { return *error_; }

 private:
  std::optional<error> error_;
};

} // namespace millrace
