#include "actors/batch_scheduler/batch_run.hpp"

#include "actors/batch_scheduler/batch_rows.hpp"

namespace millrace {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t rows_at_once = 1000, bytes_at_once = 1 << 20;

std::int64_t ms_since(clock::time_point began) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - began).count();
}

std::string in_words(const redis::batch_place& x) {
  return x.member.empty() ? x.key : x.key + ", " + x.member;
}

/// One figure's result on its way to Redis.
class staging {
 public:
  staging(redis::store& to, const batch_order& order, const batch_plan& figure) : to_(to), figure_(figure) {
    chunk_.token = order.token;
    chunk_.number = order.number;
    chunk_.figure = figure.name;
    chunk_.form = form_of(figure);
  }

  /// Takes a row. Returns whether to continue.
  bool take(const postgres::text_row& row) {
    ++rows_;
    auto placed = to_row(figure_, row);
    if (!placed)
      return true;
    for (auto& [name, text] : placed->fields)
      bytes_ += name.size() + text.size();
    chunk_.rows.push_back(std::move(*placed));
    return (chunk_.rows.size() < rows_at_once && bytes_ < bytes_at_once) || send();
  }

  /// Stages the rest. Returns whether everything is staged.
  bool send() {
    if (failed_ || chunk_.rows.empty())
      return !failed_;
    auto twice = to_.stage_batch(chunk_);
    chunk_.rows.clear();
    bytes_ = 0;
    if (!twice)
      failed_ = twice.why();
    else if (*twice)
      failed_ = error{errc::bad_setting, "two rows of the result have one place: " + in_words(**twice)};
    return !failed_;
  }

  std::uint64_t rows() const { return rows_; }
  const std::optional<error>& failed() const { return failed_; }

 private:
  redis::store& to_;
  const batch_plan& figure_;
  redis::staged_rows chunk_;
  std::size_t bytes_ = 0;
  std::uint64_t rows_ = 0;
  std::optional<error> failed_;
};

class batch_run {
 public:
  batch_run(const batch_run_settings& how, const batch_order& order) : how_(how), order_(order) {}

  batch_outcome run() {
    out_.number = order_.number;
    auto db = how_.database();
    auto store = how_.store();
    result<void> ready = !db ? db.why() : !store ? store.why() : begin(*db);
    for (auto figure : order_.figures) {
      out_.results.push_back({figure});
      auto& x = out_.results.back();
      if (!ready)
        x.why = ready.why().message;
      else if (!out_.fenced)
        run_one(*db, *store, x);
    }
    return std::move(out_);
  }

 private:
  /// Begins the snapshot. Its first statement fixes what all queries see.
  result<void> begin(postgres::session& db) {
    if (auto begun = db.begin_snapshot(); !begun)
      return begun;
    auto limit = std::chrono::milliseconds(how_.statement_timeout).count();
    auto limited = db.execute("SET LOCAL statement_timeout = " + std::to_string(limit));
    if (!limited)
      return limited.why();
    auto now = db.query_rows(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
    if (!now)
      return now.why();
    out_.snapshot = now->rows.at(0).at(0).value_or("");
    return {};
  }

  void run_one(postgres::session& db, redis::store& store, batch_result& x) {
    auto& figure = how_.plans->batches.at(x.figure);
    auto began = clock::now();
    staging into(store, order_, figure);
    auto done = read(db, figure, into);
    x.took_ms = ms_since(began);
    x.rows = into.rows();
    if (into.failed() && into.failed()->code == errc::fenced)
      out_.fenced = true;
    if (into.failed())
      x.why = into.failed()->message;
    else if (!done)
      x.why = done.why().message;
  }

  /// The plan numbers the result's columns: another column of `SELECT *` would be shown under a wrong name.
  static result<void> columns_are_planned(postgres::session& db, const batch_plan& figure) {
    auto told = db.describe(figure.sql);
    if (!told)
      return told.why();
    if (told->refused)
      return error{errc::bad_setting, "PostgreSQL: " + told->refused->message};
    auto same = told->columns.size() == figure.outputs.size();
    for (std::size_t i = 0; same && i < figure.outputs.size(); ++i)
      same = told->columns[i].name == figure.outputs[i].name;
    return same ? result<void>()
                : error{errc::bad_setting,
                        "the result has other columns than at the last apply; `millrace apply` "
                        "takes them"};
  }

  /// The rollback also takes back settings that a query changed.
  result<void> read(postgres::session& db, const batch_plan& figure, staging& into) {
    if (auto saved = db.execute("SAVEPOINT figure"); !saved)
      return saved.why();
    auto read = columns_are_planned(db, figure);
    if (read)
      read = db.for_each_row(query_of(figure), [&](auto& row) { return into.take(row); });
    if (read)
      into.send();
    auto back = db.execute("ROLLBACK TO SAVEPOINT figure");
    return !read ? read : back ? result<void>() : back.why();
  }

  const batch_run_settings& how_;
  const batch_order& order_;
  batch_outcome out_;
};

} // namespace

batch_outcome run_batches(const batch_run_settings& how, const batch_order& order) {
  return batch_run(how, order).run();
}

} // namespace millrace
