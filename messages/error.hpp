#pragma once

/// Errors that a person reads: what, where, and what to do.

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace millrace {

/// What went wrong, for code that decides by it.
enum class errc {
  bad_record,     ///< a record that can't be decoded: a dead letter
  bad_setting,    ///< a setting that can't be used: refuse to start
  refused_figure, ///< a figure outside the language: refuse to start
  unavailable,    ///< a server doesn't answer: retry with backoff
  denied,         ///< a server refuses us: wrong password or missing right
  fenced,         ///< another owner claimed the cell: stop or claim again
  stale,          ///< the ledger isn't where we left it: load again
  corrupt,        ///< stored state that we don't understand
};

/// An error with the context that a person needs to act.
struct error {
  errc code;
  std::string message;
};

/// A value, or the error that kept us from it.
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
