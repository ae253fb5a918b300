#define CAF_SUITE actors.cdc_router
#include "actors/cdc_router/cdc_router_actor.hpp"

#include "tests/actors/fakes.hpp"
#include "tests/unit/small_shop.hpp"

#include "caf/test/dsl.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const cell_id one{shard_id{0}, entity_id{0}}, two{shard_id{1}, entity_id{0}};
const source_id orders{7}, items{8};
constexpr std::size_t credit = 1000;

std::string words(stream_position x) {
  return x == nowhere ? "nowhere" : std::to_string(x.high) + "." + std::to_string(x.low);
}

/// A log in memory. It keeps what it is asked to, and reads again what it is told to.
struct fake_source : change_source {
  std::map<source_id, std::vector<taken>> logs;
  std::map<source_id, std::size_t> next; ///< of the sources that are read
  std::set<source_id> paused;
  position_map settled;
  std::vector<std::string> asked;
  std::optional<error> fails;

  std::vector<cell_id> cells(source_id) const override { return {one, two}; }

  result<void> assign(const position_map& more, const std::vector<source_id>& gone) override {
    for (auto source : gone) {
      asked.push_back("without " + name_of(source));
      next.erase(source);
    }
    for (auto& [source, after] : more) {
      asked.push_back(name_of(source) + " after " + words(after));
      go_to(source, after);
    }
    return {};
  }

  result<void> poll(const taker& take) override {
    if (fails)
      return *fails;
    for (auto& [source, at] : next)
      while (!paused.count(source) && at < logs[source].size()) {
        auto x = logs[source][at++];
        if (!take(std::move(x)))
          return {};
      }
    return {};
  }

  result<void> seek(source_id source, stream_position after) override {
    asked.push_back("seek " + name_of(source) + " after " + words(after));
    go_to(source, after);
    return {};
  }
  void pause(source_id source) override { paused.insert(source); }
  void resume(source_id source) override { paused.erase(source); }
  void settle(const position_map& durable) override {
    for (auto& [source, at] : durable)
      settled[source] = at;
  }
  result<position_map> ends() override { return position_map(); }
  result<log_state> compare(const std::map<source_id, ledger_extent>&) override { return log_state(); }
  std::string name_of(source_id source) const override { return source == orders ? "orders" : "items"; }
  std::string name_of(source_id source, stream_position at) const override {
    return name_of(source) + ":" + words(at);
  }
  std::string distance(stream_position, stream_position) const override { return ""; }
  partition_report report(source_id source, stream_position read, stream_position durable) const override {
    return {name_of(source), 0, read.high, durable.high};
  }

 private:
  void go_to(source_id source, stream_position after) {
    auto& log = logs[source];
    next[source] = static_cast<std::size_t>(
        std::find_if(log.begin(), log.end(), [&](auto& x) { return x.last > after; }) - log.begin());
  }
};

/// Keeps letters, or doesn't.
struct fake_letters : letter_box {
  std::vector<new_letter> kept;
  bool full = false;

  result<void> put(std::vector<new_letter> letters) override {
    if (full)
      return error{errc::unavailable, "the box is full"};
    kept.insert(kept.end(), letters.begin(), letters.end());
    return {};
  }
  result<std::map<std::string, dead_letter>> open() override { return std::map<std::string, dead_letter>(); }
  result<std::map<std::string, std::int64_t>> count() override {
    return std::map<std::string, std::int64_t>();
  }
  result<letter_content> read(const std::string&) override { return letter_content(); }
  result<void> resolve(const std::vector<std::string>&, const std::string&) override { return {}; }
  result<void> resolve_table(const std::string&, const std::string&) override { return {}; }
};

/// One change for a cell, as long as it is told.
taken piece(source_id source, stream_position at, cell_id to = one, std::size_t bytes = 10) {
  taken out;
  out.source = source;
  change x;
  x.where = at;
  x.columns = std::string(bytes, 'x');
  out.changes[to].add(x);
  out.last = at;
  out.records = 1;
  return out;
}

taken bad_piece(source_id source, stream_position at) {
  taken out;
  out.source = source;
  out.last = at;
  out.bad.push_back({at, table_id{1}, "key", "payload", "not JSON"});
  return out;
}

dispatcher_actor::behavior_type fake_door(dispatcher_actor::pointer,
                                          std::shared_ptr<std::vector<change_batch>> got) {
  return {
      [=](const std::vector<change_batch>& x) { got->insert(got->end(), x.begin(), x.end()); },
      [](atom::homes, const cell_homes&) {},
  };
}

/// A router between a fake source and a fake dispatcher, which answers what the test says.
struct fixture : test_coordinator_fixture<message_config> {
  std::shared_ptr<fake_source> source = std::make_shared<fake_source>();
  std::shared_ptr<fake_letters> letters = std::make_shared<fake_letters>();
  std::shared_ptr<std::vector<change_batch>> got = std::make_shared<std::vector<change_batch>>();
  std::vector<std::string> lost;
  dispatcher_actor door = sys.spawn(fake_door, got);
  cdc_router_actor router;

  fixture() {
    cdc_router_settings x;
    x.source = source;
    x.letters = letters;
    x.plans = &small_shop();
    x.credit_bytes = credit;
    x.now_ms = [] { return std::int64_t{1000}; };
    x.lost = [this](std::string why) { lost.push_back(std::move(why)); };
    router = sys.spawn(cdc_router, x);
    tell(atom::homes_v, std::vector<cells_behind>{{door, {one, two}}});
  }
  ~fixture() override { self->send_exit(router, caf::exit_reason::kill); }

  /// The router polls for ever, so a step is a number of messages. An actor with more messages stays the
  /// first, so each gets its turn here.
  void step() {
    for (int i = 0; i < 40 && !sched.jobs.empty(); ++i) {
      sched.run_once();
      if (sched.jobs.size() > 1)
        std::rotate(sched.jobs.begin(), sched.jobs.begin() + 1, sched.jobs.end());
    }
  }
  template <class... Ts>
  void tell(Ts... x) {
    self->send(router, std::move(x)...);
    step();
  }
  void half_a_second() {
    sched.advance_time(std::chrono::milliseconds{500});
    step();
  }
  void assign(const std::vector<source_id>& mine, const std::vector<cell_positions>& have = {}) {
    tell(atom::sources_v, mine, have);
  }
  void durable(cell_id cell, source_id of, stream_position at) {
    tell(atom::durable_v, cell_positions{cell, {{of, at, {}}}});
  }
  void gap(cell_id cell, source_id of, stream_position at) {
    tell(atom::gap_v, cell_positions{cell, {{of, at, {}}}});
  }
  /// Returns the batches with changes since the last call, as "prev-last" by cell.
  std::vector<std::string> batches() {
    std::vector<std::string> out;
    for (auto& x : *got)
      if (!x.changes.empty())
        out.push_back(std::to_string(x.cell.shard.value) + ": " + words(x.prev) + "-" + words(x.last));
    got->clear();
    return out;
  }
  router_report report() {
    router_report out;
    auto asked = self->request(router, caf::infinite, atom::status_v);
    step();
    asked.receive([&](const router_report& x) { out = x; }, [](caf::error&) { CAF_FAIL("no report"); });
    return out;
  }
};

using texts = std::vector<std::string>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(cdc_router_tests, fixture)

CAF_TEST(a source is read on from its slowest cell) {
  source->logs[orders] = {piece(orders, {5}), piece(orders, {6, 1}), piece(orders, {6, 2}, two)};
  assign({orders}, {{one, {{orders, {6}, {}}}}, {two, {{orders, {5}, {}}}}});
  CAF_CHECK(source->asked == texts{"orders after 5.0"});
  CAF_MESSAGE("a cell that has more gets no change twice");
  CAF_CHECK(batches() == (texts{"0: 6.0-6.1", "1: 5.0-6.2"}));
}

CAF_TEST(a source that no cell knows is read from its beginning and one that is taken away no more) {
  source->logs[orders] = {piece(orders, {0})};
  assign({orders, items});
  CAF_CHECK(source->asked == (texts{"orders after nowhere", "items after nowhere"}));
  CAF_CHECK(batches() == texts{"0: nowhere-0.0"});
  source->asked.clear();
  assign({items});
  CAF_CHECK(source->asked == texts{"without orders"});
  source->next[orders] = 0; // it still gives what it had fetched
  step();
  CAF_CHECK(batches().empty());
  CAF_CHECK(lost.empty());
}

CAF_TEST(a gap is sent again from what is kept) {
  source->logs[orders] = {piece(orders, {1}), piece(orders, {2})};
  assign({orders});
  batches();
  gap(one, orders, {1});
  CAF_CHECK(batches() == texts{"0: 1.0-2.0"});
  CAF_CHECK_EQUAL(source->asked.size(), 1u);
}

CAF_TEST(a gap that reaches behind what is kept is read again) {
  source->logs[orders] = {piece(orders, {1}), piece(orders, {2}), piece(orders, {3}, two)};
  assign({orders});
  durable(one, orders, {2});
  batches();
  CAF_MESSAGE("the cell's Redis lost what it had said to be durable");
  gap(one, orders, {1});
  step();
  CAF_CHECK_EQUAL(source->asked.back(), "seek orders after 1.0");
  CAF_CHECK(batches() == texts{"0: 1.0-2.0"});
  CAF_CHECK_EQUAL(report().seeks, 1);
}

CAF_TEST(a source whose cell has no credit left is paused until the cell is durable) {
  source->logs[orders] = {piece(orders, {1}, one, credit), piece(orders, {2}, two)};
  assign({orders, items});
  step();
  CAF_MESSAGE("every source that feeds the cell");
  CAF_CHECK(source->paused == (std::set<source_id>{orders, items}));
  CAF_CHECK(report().sources.at(0).paused);
  source->logs[orders].push_back(piece(orders, {3}, two));
  step();
  batches();
  durable(one, orders, {1});
  CAF_CHECK(source->paused.empty());
  CAF_CHECK(batches() == texts{"1: 2.0-3.0"});
}

CAF_TEST(a source is settled up to where every cell is durable) {
  source->logs[orders] = {piece(orders, {4, 1}), piece(orders, {4, 2}, two)};
  assign({orders});
  durable(one, orders, {4, 2});
  half_a_second();
  CAF_CHECK(source->settled.empty());
  durable(two, orders, {4, 1});
  half_a_second();
  CAF_CHECK(source->settled == (position_map{{orders, {4, 1}}}));
}

CAF_TEST(a letter is kept before the position passes its record) {
  source->logs[orders] = {bad_piece(orders, {3})};
  assign({orders});
  CAF_REQUIRE_EQUAL(letters->kept.size(), 1u);
  auto& x = letters->kept[0];
  CAF_CHECK(x.source == orders && x.at == (stream_position{3}));
  CAF_CHECK_EQUAL(x.table, "public.orders");
  CAF_CHECK_EQUAL(x.why, "not JSON");
  CAF_CHECK(x.key == "key" && x.payload == "payload");
  CAF_CHECK_EQUAL(report().dead_letters.at("public.orders"), 1);
  CAF_CHECK_EQUAL(report().sources.at(0).read, 3);
}

CAF_TEST(the node ends at a letter that can not be written and no position passes it) {
  letters->full = true;
  source->logs[orders] = {bad_piece(orders, {3}), piece(orders, {4})};
  assign({orders});
  CAF_REQUIRE(!lost.empty());
  CAF_CHECK_EQUAL(lost[0], "dead letters can't be written: the box is full");
  CAF_CHECK_EQUAL(report().sources.at(0).read, -1);
  CAF_CHECK(batches().empty());
}

CAF_TEST(the node ends if a source can not be read on) {
  assign({orders});
  source->fails = error{errc::unavailable, "orders: out of range"};
  step();
  CAF_REQUIRE(!lost.empty());
  CAF_CHECK_EQUAL(lost[0], "orders: out of range");
}

CAF_TEST_FIXTURE_SCOPE_END()
