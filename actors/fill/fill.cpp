#include "actors/fill/fill.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

namespace {

bool contains(const std::vector<std::string>& all, const std::string& x) {
  return std::find(all.begin(), all.end(), x) != all.end();
}

} // namespace

fill::fill(fill_backend backend, fill_note note, bool live)
    : backend_(std::move(backend)), note_(std::move(note)), live_(live), tables_(note_.tables) {
  if (!live_ && !note_.figures.empty() && note_.tables.empty())
    at_ = stage::publish; // the rows in memory are complete
}

result<void> fill::step() {
  for (;;) {
    auto before = at_;
    auto moved = one();
    if (!moved)
      return moved.why();
    if (!*moved || at_ == before)
      return {};
  }
}

/// Takes one step. Returns whether the stage changed.
result<bool> fill::one() {
  switch (at_) {
  case stage::stream:
    return passed_by_stream();
  case stage::announce:
    return announce();
  case stage::settle:
    return settle();
  case stage::read:
    return read();
  case stage::drain:
    return drain();
  case stage::sweep:
    at_ = stage::sweeping;
    backend_.sweep(from_, tables_);
    return true;
  case stage::publish:
    at_ = stage::publishing;
    backend_.publish(held_);
    return true;
  case stage::save:
    return save();
  case stage::announcing:
  case stage::sweeping:
  case stage::publishing:
  case stage::done:
    return false;
  }
  return false;
}

/// The marker is written only once the slot exists, because a slot created later begins after it.
/// While Debezium doesn't capture a table, the table's changes are lost.
result<bool> fill::passed_by_stream() {
  auto slot = backend_.slot();
  if (!slot) // the slot may have been recreated after the marker
    return marker_.reset(), slot.why();
  if (!slot->exists)
    return marker_.reset(), false;
  if (!marker_) {
    auto marker = backend_.emit_marker();
    if (!marker)
      return marker.why();
    marker_ = *marker;
  }
  if (slot->confirmed_flush < *marker_)
    return false;
  auto captured = reads() ? backend_.captured(*marker_) : result<bool>(true);
  if (!captured)
    return captured.why();
  if (!*captured)
    return false;
  marker_.reset();
  at_ = reads() ? stage::announce : stage::drain;
  return true;
}

/// Takes `from` before the transaction number, so a transaction with this number or a later one
/// writes after `from`. A marker's LSN is unique, so two leaders never have the same `from`.
result<bool> fill::announce() {
  auto from = backend_.emit_marker();
  if (!from)
    return from.why();
  auto next = backend_.next_transaction();
  if (!next)
    return next.why();
  from_ = *from;
  next_transaction_ = *next;
  at_ = stage::announcing;
  backend_.announce(from_, note_.tables);
  return true;
}

result<bool> fill::settle() {
  auto open = backend_.open_before(next_transaction_);
  if (!open)
    return open.why();
  waits_for_ = *open;
  if (!waits_for_.empty())
    return false;
  auto before = backend_.ends();
  if (!before)
    return before.why();
  before_ = std::move(*before);
  if (auto begun = backend_.read(from_, note_.tables); !begun)
    return begun.why();
  at_ = stage::read;
  return true;
}

result<bool> fill::read() {
  progress_ = backend_.progress();
  if (progress_.done
      && std::exchange(was_refused_, false)) { // the catalog was noted when it still stood in the way
    begin_again();
    return true;
  }
  if (!progress_.done && !leaves_out()) {
    was_refused_ = was_refused_ || !progress_.unreadable.empty();
    return false;
  }
  at_ = stage::drain;
  return true;
}

/// Decides whether to end without the tables that can't be read. Returns false if that would gain
/// nothing: no table was read, and no figure can go live.
bool fill::leaves_out() {
  if (!progress_.only_unreadable)
    return false;
  std::vector<std::string> read, unread, held;
  for (auto& table : note_.tables.empty() ? backend_.tables : note_.tables)
    (progress_.unreadable.count(table) ? unread : read).push_back(table);
  std::size_t filling = 0;
  for (auto& [figure, over] : backend_.tables_of) {
    if (live_ || (!note_.figures.empty() && !contains(note_.figures, figure)))
      continue;
    ++filling;
    if (std::any_of(over.begin(), over.end(), [&](auto& table) { return contains(unread, table); }))
      held.push_back(figure);
  }
  if (read.empty() && held.size() == filling)
    return false;
  tables_ = std::move(read);
  left_out_ = std::move(unread);
  held_ = std::move(held);
  return true;
}

/// Returns to the first stage, to read all tables of the fill.
void fill::begin_again() {
  ends_.reset();
  tables_ = note_.tables;
  left_out_.clear();
  held_.clear();
  at_ = stage::stream;
}

/// Returns whether the fill is of all tables.
bool fill::all_tables() const {
  return note_.tables.empty() || note_.tables.size() == backend_.tables.size();
}

result<bool> fill::drain() {
  if (!ends_) {
    auto ends = backend_.ends();
    if (!ends)
      return ends.why();
    ends_ = *ends;
  }
  auto durable = backend_.durable(*ends_);
  if (!durable)
    return durable.why();
  if (!*durable)
    return false;
  if (!reads())
    return at_ = stage::publish, true;
  auto lost = lost_records();
  if (!lost)
    return lost.why();
  if (*lost) {
    begin_again();
    return error{errc::unavailable,
                 "Kafka deleted rows of the read before they were taken (a topic's retention, or "
                 "somebody); the tables are read again"};
  }
  at_ = reads_none() ? stage::publish : stage::sweep;
  return true;
}

/// Returns whether records that came since the read began may be lost: a recreated topic ends
/// earlier, a trimmed one begins later.
result<bool> fill::lost_records() {
  auto begins = backend_.begins();
  if (!begins)
    return begins.why();
  return std::any_of(before_.begin(), before_.end(), [&](auto& x) {
    auto& [source, before] = x;
    return (*ends_)[source] < before || (*begins)[source] > before;
  });
}

result<bool> fill::save() {
  auto after = note_;
  if (all_tables() && from_.value > 0) // if only some tables were read, the others weren't swept
    after.swept = from_;
  // Its changes before `from` were left to the read: live figures over it may lack some.
  if (!left_out_.empty() && from_.value > 0)
    if (auto noted = backend_.doubt("it couldn't be read when all other tables were", left_out_); !noted)
      return noted.why();
  after.figures = held_;
  after.tables.clear();
  if (!held_.empty())
    after.tables = left_out_;
  if (from_.value > 0 && !reads_none())
    if (auto proven = backend_.proven(from_, tables_); !proven)
      return proven.why();
  if (auto saved = backend_.save(after, held_.empty()); !saved)
    return saved.why();
  note_ = after;
  at_ = stage::done;
  return true;
}

void fill::on_announced() {
  if (at_ == stage::announcing)
    at_ = stage::settle;
}

void fill::on_swept() {
  if (at_ == stage::sweeping)
    at_ = live_ ? stage::save : stage::publish;
}

void fill::on_published() {
  if (at_ == stage::publishing)
    at_ = stage::save;
}

void fill::on_lost() {
  if (at_ == stage::announcing)
    at_ = stage::announce;
  else if (at_ == stage::sweeping)
    at_ = stage::sweep;
  else if (at_ == stage::publishing)
    at_ = stage::publish;
}

void fill::on_unknown() {
  if (at_ == stage::sweeping)
    begin_again();
}

std::string fill::trouble() const {
  std::string out;
  for (auto& [table, why] : progress_.unreadable)
    out += (out.empty() ? "" : "; ") + table + " can't be read: " + why;
  return out;
}

std::string fill::words() const {
  switch (at_) {
  case stage::stream:
    return "waits until Debezium has read PostgreSQL's WAL to its end";
  case stage::announce:
  case stage::announcing:
    return "tells the cells that tables are read";
  case stage::settle:
    return waits_for_.empty() ? "waits for transactions that are open"
                              : "waits for transactions that were open when it began: " + waits_for_;
  case stage::read:
    return "reads the tables" + (progress_.words.empty() ? "" : ": " + progress_.words);
  case stage::drain:
    return "applies what Kafka has";
  case stage::sweep:
  case stage::sweeping:
    return "removes rows that the tables don't have";
  case stage::publish:
  case stage::publishing:
  case stage::save:
    return "writes the figures";
  case stage::done:
    return "complete";
  }
  return "";
}

} // namespace millrace
