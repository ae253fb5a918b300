#include "actors/sources/postgres/stream_intake.hpp"

#include "actors/sources/postgres/positions.hpp"

#include <algorithm>

namespace millrace::postgres {

namespace {

/// A commit record is longer, so the LSNs that follow its own are of no other commit.
constexpr std::uint64_t commit_record_bytes = 32;

/// Returns the bytes as printable ASCII. Other bytes, and the backslash, are \xNN.
std::string printable(const std::string& bytes) {
  constexpr auto digits = "0123456789abcdef";
  std::string out;
  for (unsigned char c : bytes)
    if (c >= ' ' && c <= '~' && c != '\\')
      out += static_cast<char>(c);
    else
      out += {'\\', 'x', digits[c >> 4], digits[c & 15]};
  return out;
}

} // namespace

stream_intake::stream_intake(const plan_set& plans, std::uint16_t shards) {
  for (std::uint16_t i = 0; i < plans.tables.size(); ++i)
    if (plans.tables[i].captured)
      routes_.try_emplace(table_id{i}, plans, table_id{i}, shards);
}

void stream_intake::begin(stream_position after) {
  piece_ = {};
  given_ = after;
}

bool stream_intake::is_new(const wal_position& x) const { return position_of(x) > given_; }

void stream_intake::add(const stream_event& event) {
  std::visit([this](auto& x) { take(x); }, event);
}

/// Returns the row's age. All changes of a transaction have its commit's LSN, and a TRUNCATE makes what comes
/// after it younger: the cell removes the rows that are older than the TRUNCATE.
lsn stream_intake::age_of(const row_change& x) {
  auto begins = x.at.commit != seen_.commit || x.at <= seen_; // or it comes again
  if (begins)
    truncations_.clear();
  seen_ = x.at;
  auto& count = truncations_[x.table];
  if (x.op == 't')
    count = std::min(count + 1, commit_record_bytes - 1);
  return {x.at.commit.value + count};
}

void stream_intake::take(const row_change& x) {
  table_change change;
  change.at = age_of(x); // also of a change that is left out: it can be a TRUNCATE
  if (!is_new(x.at))
    return;
  change.op = x.op;
  change.commit_ms = x.commit_ms;
  change.before = x.before;
  change.after = x.after;
  change.key = x.key;
  routes_.at(x.table).add(change, position_of(x.at), false, piece_.changes);
  ++piece_.records;
  piece_.newest_commit_ms = std::max(piece_.newest_commit_ms, x.commit_ms);
}

void stream_intake::take(const bad_change& x) {
  if (!is_new(x.at))
    return;
  piece_.bad.push_back({position_of(x.at), x.table, std::nullopt, printable(x.message), x.why});
  ++piece_.records;
}

std::optional<taken> stream_intake::cut(const wal_position& reached, std::uint64_t identity,
                                        std::int64_t read_ms) {
  auto last = position_of(reached);
  if (last <= given_)
    return std::nullopt;
  auto out = std::exchange(piece_, {});
  out.source = the_stream;
  out.last = given_ = last;
  out.seen = {last, identity};
  out.read_ms = read_ms;
  return out;
}

std::vector<cell_id> stream_intake::cells() const {
  std::vector<cell_id> out;
  for (auto& [_, routes] : routes_)
    for (auto cell : routes.cells())
      out.push_back(cell);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

} // namespace millrace::postgres
