#define CAF_SUITE cdc_router.delivery_chaos
#include "actors/cdc_router/delivery_window.hpp"
#include "actors/cell/sequencer.hpp"
#include "tests/unit/case_seed.hpp"
#include "tests/unit/random_source.hpp"

#include <memory>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using millrace::test::cases;
using millrace::test::random_source;

namespace {

constexpr std::size_t credit = 4'000;

change change_of(std::int64_t offset, std::size_t bytes) {
  change out;
  out.where = {offset};
  out.columns.assign(bytes, 'x');
  return out;
}

/// A record of a source: the cells that it concerns.
struct entry {
  std::int64_t offset = 0;
  std::map<cell_id, std::size_t> bytes;
};

/// What a cell has applied; a copy of it is what the ledger has.
struct applied_state {
  sequencer positions;
  std::map<source_id, std::vector<std::int64_t>> offsets;
};

struct fake_cell {
  applied_state now;
  std::vector<applied_state> ledger{{}}; ///< flushes, newest last
  int router = 0;                        ///< who sent the last batch
};

/// On its way: a batch to a cell, or an answer to a router.
struct letter {
  enum class kind { batch, durable, gap } what = kind::batch;
  change_batch batch;
  cell_positions answer;
  int router = 0; ///< sender or addressee
};

/// Sources, cells, a router that dies, and a network that doesn't care.
class world {
 public:
  explicit world(std::uint64_t seed) : dice_(seed) {
    for (std::size_t i = 0, n = 1 + dice_.below(4); i < n; ++i)
      ids_.push_back({shard_id{static_cast<std::uint16_t>(i)}, entity_id{0}});
    for (auto id : ids_)
      cells_.try_emplace(id);
    for (std::size_t i = 0, n = 1 + dice_.below(3); i < n; ++i)
      kafka_.try_emplace(source_id{static_cast<std::uint64_t>(i)});
    faults_ = 1 + dice_.below(12);
    for (int kind = 0; kind < 5; ++kind)
      if (kind == 0 || dice_.one_in(2))
        kinds_.push_back(kind);
    start_router();
  }

  void run() {
    for (int n = 0; n < 700; ++n)
      dice_.one_in(faults_ + 4) ? fault() : work();
    for (int round = 0; round < 400 && !settled(); ++round)
      settle();
  }

  bool judge() {
    seeks += window_->seeks();
    auto right = settled();
    for (auto& [source, records] : kafka_) {
      for (auto id : ids_)
        right = right && cells_.at(id).ledger.back().offsets[source] == expected(source, id, end_of(source));
      right = right && window_->durable(source).high == end_of(source) && !window_->blocked(source);
    }
    CAF_CHECK_EQUAL(window_->waiting_bytes(), 0u);
    CAF_CHECK(right);
    return right;
  }

  std::size_t lost = 0, doubled = 0, overtaken = 0, restarts = 0, went_back = 0, gaps = 0, seeks = 0,
              blocked = 0;

 private:
  void work() {
    switch (dice_.below(10)) {
    case 0:
      return append();
    case 1:
      return window_->progress();
    case 2:
      return flush(dice_.of(ids_));
    case 3:
    case 4:
    case 5:
      return read(pick_source());
    default:
      return travel(dice_.one_in(faults_ + 2));
    }
  }

  /// Every world knows some kinds of faults, so that others go far.
  void fault() {
    switch (dice_.of(kinds_)) {
    case 0:
      return lose();
    case 1:
      return twice();
    case 2:
      return start_router();
    case 3:
      return crash(dice_.of(ids_));
    case 4:
      return go_back(dice_.of(ids_));
    }
  }

  source_id pick_source() {
    auto at = kafka_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(dice_.below(kafka_.size())));
    return at->first;
  }

  std::int64_t end_of(source_id of) const { return kafka_.at(of).empty() ? -1 : kafka_.at(of).back().offset; }

  void append() {
    auto& records = kafka_.at(pick_source());
    for (auto n = dice_.below(12); n > 0; --n) {
      entry x;
      x.offset = (records.empty() ? -1 : records.back().offset) + dice_.between(1, 3);
      for (auto id : ids_)
        if (dice_.one_in(2))
          x.bytes[id] = dice_.one_in(20) ? 3'000 : dice_.below(60);
      records.push_back(std::move(x));
    }
  }

  /// A new router knows the ledger, or (group offsets only) less.
  void start_router() {
    if (window_)
      seeks += window_->seeks(), ++restarts;
    ++router_;
    delivery_backend backend;
    backend.transmit = [this](const change_batch& x) {
      network_.push_back({letter::kind::batch, x, {}, router_});
    };
    backend.seek = [this](source_id of, stream_position after) { next_.at(of) = after.high + 1; };
    window_ = std::make_unique<delivery_window>(std::move(backend), credit);
    auto forgetful = dice_.one_in(4);
    for (auto& [source, _] : kafka_)
      for (auto id : ids_)
        window_->open(source, id,
                      forgetful ? nowhere : cells_.at(id).ledger.back().positions.at(source).last);
    for (auto& [source, _] : kafka_)
      next_[source] = window_->start(source).high + 1;
  }

  void read(source_id of) {
    if (window_->blocked(of)) {
      ++blocked;
      return;
    }
    auto most = 1 + dice_.below(8);
    std::map<cell_id, packed_changes> changes;
    auto last = next_.at(of) - 1;
    for (auto& record : kafka_.at(of)) {
      if (record.offset < next_.at(of) || most == 0)
        continue;
      --most;
      last = record.offset;
      for (auto& [cell, bytes] : record.bytes)
        changes[cell].add(change_of(record.offset, bytes));
    }
    window_->deliver(of, std::move(changes), {last}, {{last}, 1});
    next_.at(of) = last + 1;
    CAF_REQUIRE(window_->waiting_bytes() <= ids_.size() * (credit + 8 * (3'100 + sizeof(change))));
  }

  /// Delivers a letter: the oldest, or one that overtakes.
  void travel(bool out_of_order) {
    if (network_.empty())
      return;
    auto at = out_of_order ? dice_.below(network_.size()) : 0;
    overtaken += at > 0;
    auto x = std::move(network_[at]);
    network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(at));
    if (x.what == letter::kind::batch)
      arrive(x);
    else if (x.router == router_)
      x.what == letter::kind::gap ? window_->on_gap(x.answer) : window_->on_durable(x.answer);
  }

  void lose() {
    if (network_.empty())
      return;
    network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(dice_.below(network_.size())));
    ++lost;
  }

  void twice() {
    if (network_.empty())
      return;
    network_.push_back(network_[dice_.below(network_.size())]);
    ++doubled;
  }

  void answer(letter::kind what, cell_id from, std::vector<position> x) {
    network_.push_back({what, {}, {from, std::move(x)}, cells_.at(from).router});
  }

  /// What an aggregator does with a batch.
  void arrive(const letter& x) {
    auto& cell = cells_.at(x.batch.cell);
    auto& now = cell.now;
    cell.router = x.router;
    auto here = now.positions.at(x.batch.source);
    switch (now.positions.offer(x.batch)) {
    case sequencer::verdict::gap:
      ++gaps;
      return answer(letter::kind::gap, x.batch.cell, {here});
    case sequencer::verdict::apply:
      for (auto c : x.batch.changes)
        if (c.where > here.last)
          now.offsets[x.batch.source].push_back(c.where.high);
      now.positions.advance(x.batch);
      CAF_REQUIRE(now.offsets[x.batch.source] == expected(x.batch.source, x.batch.cell, x.batch.last.high));
      break;
    case sequencer::verdict::old:
      break;
    }
    if (auto owed = now.positions.owed(x.batch))
      answer(letter::kind::durable, x.batch.cell, {*owed});
  }

  /// Every change of the cell up to `last`, once and in order.
  std::vector<std::int64_t> expected(source_id of, cell_id cell, std::int64_t last) const {
    std::vector<std::int64_t> out;
    for (auto& record : kafka_.at(of))
      if (record.offset <= last && record.bytes.contains(cell))
        out.push_back(record.offset);
    return out;
  }

  void flush(cell_id id) {
    auto& cell = cells_.at(id);
    auto moved = cell.now.positions.take_moved();
    cell.now.positions.made_durable(moved);
    cell.ledger.push_back(cell.now);
    if (!moved.empty())
      answer(letter::kind::durable, id, std::move(moved));
  }

  /// A cell starts anew from the ledger.
  void crash(cell_id id) {
    auto& cell = cells_.at(id);
    cell.now = cell.ledger.back();
    cell.now.positions.restore(cell.now.positions.all());
  }

  /// Redis loses its tail; the cell reloads.
  void go_back(cell_id id) {
    auto& ledger = cells_.at(id).ledger;
    ledger.resize(1 + dice_.below(ledger.size()));
    ++went_back;
    crash(id);
  }

  bool settled() {
    for (auto& [source, _] : kafka_) {
      for (auto id : ids_)
        if (cells_.at(id).ledger.back().positions.at(source).last.high < end_of(source))
          return false;
      if (window_->durable(source).high < end_of(source))
        return false;
    }
    return window_->waiting_bytes() == 0;
  }

  /// A round without faults.
  void settle() {
    for (auto& [source, _] : kafka_)
      read(source);
    while (!network_.empty())
      travel(false);
    for (auto id : ids_)
      flush(id);
    window_->progress();
    while (!network_.empty())
      travel(false);
  }

  random_source dice_;
  std::vector<cell_id> ids_;
  std::map<cell_id, fake_cell> cells_;
  std::map<source_id, std::vector<entry>> kafka_;
  std::map<source_id, std::int64_t> next_; ///< what the consumer reads next
  std::vector<letter> network_;
  std::unique_ptr<delivery_window> window_;
  int router_ = 0;
  std::size_t faults_ = 1; ///< the greater, the rarer
  std::vector<int> kinds_;
};

} // namespace

CAF_TEST(every change is applied once and in order whatever is lost doubled delayed or restarted) {
  random_source dice;
  world sum(1);
  auto count = cases(600);
  for (std::size_t i = 0; i < count; ++i) {
    auto seed = i == 0 ? dice.seed() : dice.bits();
    millrace::test::case_seed told(seed);
    world x(seed);
    x.run();
    told.passed = x.judge();
    for (auto each : {&world::lost, &world::doubled, &world::overtaken, &world::restarts, &world::went_back,
                      &world::gaps, &world::seeks, &world::blocked})
      sum.*each += x.*each;
  }
  CAF_MESSAGE(sum.lost << " lost, " << sum.doubled << " doubled, " << sum.overtaken << " overtaken, "
                       << sum.restarts << " restarts, " << sum.went_back << " lost tails, " << sum.gaps
                       << " gaps, " << sum.seeks << " seeks, " << sum.blocked << " times out of credit");
  if (count >= 100)
    for (auto each : {&world::lost, &world::doubled, &world::overtaken, &world::restarts, &world::went_back,
                      &world::gaps, &world::seeks, &world::blocked})
      CAF_CHECK(sum.*each > 0); // every fault happened
}
