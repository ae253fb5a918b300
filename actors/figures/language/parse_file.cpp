#include "actors/figures/language/parse_file.hpp"

#include "actors/figures/language/target.hpp"
#include "messages/visible.hpp"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <memory>
#include <optional>

namespace millrace {

namespace {

struct scan_deleter {
  void operator()(PgQueryScanResult* x) const {
    pg_query_free_scan_result(*x);
    delete x;
  }
};

struct tokens_deleter {
  void operator()(PgQuery__ScanResult* x) const { pg_query__scan_result__free_unpacked(x, nullptr); }
};

/// Collects tokens into figures: a target line, then a statement up to its end.
class splitter {
 public:
  splitter(const source_file& file, std::vector<refusal>& refused) : file_(file), refused_(refused) {}

  void take(const PgQuery__ScanToken& token) {
    auto begin = static_cast<std::size_t>(token.start), end = static_cast<std::size_t>(token.end);
    if (token.token == PG_QUERY__TOKEN__C_COMMENT)
      return;
    if (token.token == PG_QUERY__TOKEN__SQL_COMMENT)
      return comment(begin, end);
    if (token.token == PG_QUERY__TOKEN__ASCII_59)
      return finish();
    if (!statement_)
      statement_ = {begin, end};
    statement_->second = end;
  }

  std::vector<figure_text> done() {
    finish();
    if (target_)
      refused_.push_back(file_.at(target_->first, "this target line has no statement",
                                  "write the query on the lines below it, before the next target line"));
    return std::move(out_);
  }

 private:
  void comment(std::size_t begin, std::size_t end) {
    auto dashes = begin + 2;
    if (!is_target_line(std::string_view(file_.text).substr(dashes, end - dashes)))
      return;
    if (statement_) {
      refused_.push_back(file_.at(begin, "this target line is inside a statement",
                                  "end the statement before it with a semicolon"));
      finish();
    } else if (target_) {
      refused_.push_back(file_.at(target_->first, "this target line has no statement",
                                  "write the query on the lines below it, before the next target line"));
    }
    target_ = {dashes, end};
  }

  void finish() {
    if (!statement_)
      return;
    auto [begin, end] = *statement_;
    statement_.reset();
    if (!target_) {
      refused_.push_back(
          file_.at(begin, "this statement has no target line",
                   "put a line before it that says where its result goes: -- redis: hash K ..."));
      return;
    }
    auto line = file_.text.substr(target_->first, target_->second - target_->first);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
      line.pop_back();
    out_.push_back({std::move(line), target_->first, file_.text.substr(begin, end - begin), begin});
    target_.reset();
  }

  const source_file& file_;
  std::vector<refusal>& refused_;
  std::vector<figure_text> out_;
  std::optional<std::pair<std::size_t, std::size_t>> target_, statement_;
};

} // namespace

namespace {

/// Refuses a file that isn't UTF-8 or has bytes that a plan can't store.
std::optional<refusal> unreadable(const source_file& file) {
  if (has_controls(file.name))
    return refusal{file.name,
                   0,
                   0,
                   "the file's path has control characters, or isn't UTF-8",
                   "a file name of printable UTF-8 characters",
                   {}};
  if (auto zero = file.text.find('\0'); zero != std::string::npos)
    return file.at(zero, "the file has a zero byte, so it isn't SQL text");
  if (auto bad = invalid_utf8(file.text); bad != std::string::npos)
    return file.at(bad, "the byte " + visible(file.text.substr(bad, 1)) + " isn't UTF-8",
                   "save the file as UTF-8");
  return std::nullopt;
}

} // namespace

std::vector<figure_text> split_figures(const source_file& file, std::vector<refusal>& refused) {
  if (auto no = unreadable(file)) {
    refused.push_back(std::move(*no));
    return {};
  }
  std::unique_ptr<PgQueryScanResult, scan_deleter> scan(
      new PgQueryScanResult(pg_query_scan(file.text.c_str())));
  if (scan->error) {
    auto at = byte_of_character(file.text, scan->error->cursorpos);
    refused.push_back(file.at(at, scan->error->message));
    return {};
  }
  std::unique_ptr<PgQuery__ScanResult, tokens_deleter> tokens(pg_query__scan_result__unpack(
      nullptr, scan->pbuf.len, reinterpret_cast<const std::uint8_t*>(scan->pbuf.data)));
  splitter into(file, refused);
  for (std::size_t i = 0; tokens && i < tokens->n_tokens; ++i)
    into.take(*tokens->tokens[i]);
  return into.done();
}

} // namespace millrace
