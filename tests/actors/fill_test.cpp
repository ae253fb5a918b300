#define CAF_SUITE actors.fill
#include "actors/fill/fill_actor.hpp"

#include "tests/actors/fakes.hpp"

#include "caf/test/dsl.hpp"

using namespace millrace;
using namespace millrace::test;
using namespace std::chrono_literals;

namespace {

/// A fill coordinator with two fake cells and servers that are ready at once.
struct fixture : test_coordinator_fixture<message_config> {
  std::shared_ptr<cell_script> one = script(1), two = script(2);
  fill_settings how;
  fill_actor coordinator;
  cell_homes homes;
  lsn shown{500}, wal{500}; ///< of the anchor, and the log's end
  bool saved_live = false;
  int looks = 0;

  static std::shared_ptr<cell_script> script(std::uint16_t shard) {
    auto out = std::make_shared<cell_script>();
    out->next.cell = {shard_id{shard}, entity_id{0}};
    return out;
  }
  fixture() {
    for (auto& x : {one, two})
      homes.push_back({x->next.cell, sys.spawn(fake_cell, x)});
    how.cells = homes.size();
    how.servers.emit_marker = [this] { return result<lsn>(wal = {wal.value + 100}); };
    how.servers.slot = [this] {
      postgres::slot_state x;
      x.exists = true;
      x.confirmed_flush = {wal.value + 100};
      return result<postgres::slot_state>(x);
    };
    how.servers.captured = [](lsn) { return result<bool>(true); };
    how.servers.beginning = [this] { return result<lsn>(shown); };
    how.servers.next_transaction = [] { return result<std::uint64_t>(7u); };
    how.servers.open_before = [](std::uint64_t) { return result<std::string>(""); };
    how.servers.read = [](lsn, const std::vector<std::string>&) { return result<void>(); };
    how.servers.progress = [] { return read_progress{true, "", {}}; };
    how.servers.proven = [](lsn, const std::vector<std::string>&) { return result<void>(); };
    how.servers.ends = how.servers.begins = [] { return result<position_map>(position_map{}); };
    how.servers.durable = [](const position_map&) { return result<bool>(true); };
    how.servers.save = [this](const fill_note&, bool live) {
      saved_live = live;
      return result<void>();
    };
    how.look = [this](bool) {
      ++looks;
      return surroundings_report{};
    };
    how.note.birth = {100};
  }
  ~fixture() override { // it would tick for ever
    self->send_exit(coordinator, caf::exit_reason::kill);
    for (auto& home : homes)
      self->send_exit(home.at, caf::exit_reason::kill);
    while (sched.try_run_once()) {
    }
  }
  void begin(bool live, bool leads = true) {
    how.live = live;
    coordinator = sys.spawn(fill_coordinator, how);
    self->send(coordinator, atom::homes_v, homes, leads);
    settle();
    tick();
  }
  void settle() {
    while (sched.try_run_once()) {
    }
  }
  void tick() {
    advance_time(how.interval);
    settle();
  }
  fill_report status() {
    fill_report out;
    auto request = self->request(coordinator, caf::infinite, atom::status_v);
    settle();
    request.receive([&](fill_report& x) { out = std::move(x); },
                    [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
    return out;
  }
  bool live() { return status().live; }
  bool says(const std::string& words) {
    auto x = status();
    return (x.reason + x.trouble + x.stage).find(words) != std::string::npos;
  }
};

using strings = std::vector<std::string>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(fill_tests, fixture)

CAF_TEST(a fill asks every cell to sweep and then to publish and is live) {
  begin(false);
  for (int i = 0; i < 5 && !saved_live; ++i)
    tick();
  CAF_CHECK(saved_live);
  CAF_CHECK(one->log == (strings{"read 700", "sweep 700", "publish"}));
  CAF_CHECK(two->log == (strings{"read 700", "sweep 700", "publish"}));
  CAF_CHECK(live());
}

CAF_TEST(a fill without figures has no cells to ask and comes to its end) {
  for (auto& home : homes)
    self->send_exit(home.at, caf::exit_reason::kill);
  homes.clear();
  how.cells = 0;
  begin(false);
  for (int i = 0; i < 5 && !saved_live; ++i)
    tick();
  CAF_CHECK(saved_live);
}

CAF_TEST(while the fill is on status says at what) {
  how.servers.durable = [](const position_map&) { return result<bool>(false); };
  begin(false);
  tick();
  CAF_CHECK(!live());
  CAF_CHECK(says("applies what Kafka has"));
}

CAF_TEST(a cell that fails is asked again with all others) {
  one->answers = false;
  begin(false);
  tick();
  CAF_CHECK(two->log.size() >= 2);
  CAF_CHECK(!saved_live);
  CAF_CHECK(one->log.back().starts_with("read")); // nothing was read meanwhile
  CAF_CHECK(two->log.back().starts_with("read"));
  one->answers = true;
  for (int i = 0; i < 5 && !saved_live; ++i)
    tick();
  CAF_CHECK(saved_live);
  CAF_CHECK_EQUAL(two->log.back(), "publish");
}

CAF_TEST(trouble is told and passes) {
  std::string why = "PostgreSQL doesn't answer";
  how.servers.durable = [&why](const position_map&) {
    return why.empty() ? result<bool>(true) : result<bool>(error{errc::unavailable, why});
  };
  begin(false);
  tick();
  CAF_CHECK(says(why));
  auto told = std::exchange(why, "");
  for (int i = 0; i < 5 && !saved_live; ++i)
    tick();
  CAF_CHECK(saved_live);
  CAF_CHECK(!says(told));
}

CAF_TEST(a live node without a new snapshot asks nothing of its cells) {
  how.note.swept = {500};
  begin(true);
  tick();
  tick();
  CAF_CHECK(one->log.empty());
}

CAF_TEST(a new slot while live has the tables read again and nothing is published) {
  how.note.swept = {500};
  begin(true);
  tick();
  shown = wal = {900};
  for (int i = 0; i < 5; ++i)
    tick();
  CAF_CHECK(one->log == (strings{"read 1100", "sweep 1100"}));
  CAF_CHECK(live());
}

CAF_TEST(a ledger that went back to before the end of a fill has it done again) {
  how.note.swept = {500};
  saved_note lost{false, how.note};
  lost.note.figures = {"geo"};
  how.servers.saved = [&] {
    return result<std::optional<saved_note>>(saved_live ? saved_note{true, how.note} : lost);
  };
  begin(true);
  advance_time(2s);
  settle();
  for (int i = 0; i < 5 && !saved_live; ++i)
    tick();
  CAF_CHECK(saved_live);
  CAF_CHECK(one->log == strings{"publish"});
  CAF_CHECK(live());
}

CAF_TEST(a ledger that went back to before a sweep has it done again) {
  how.note.swept = {500};
  shown = {500};
  saved_note lost{true, how.note};
  lost.note.swept = {200};
  how.servers.saved = [&] {
    return result<std::optional<saved_note>>(saved_live ? saved_note{true, how.note} : lost);
  };
  begin(true);
  for (int i = 0; i < 5 && !saved_live; ++i)
    tick();
  CAF_CHECK(saved_live);
  CAF_CHECK(one->log == (strings{"read 700", "sweep 700"}));
}

CAF_TEST(a cell that does not know of the read has the tables read again) {
  one->forgot = true;
  begin(false);
  for (int i = 0; i < 5 && !saved_live; ++i)
    tick();
  CAF_CHECK(saved_live);
  CAF_CHECK(one->log == (strings{"read 700", "sweep 700", "read 900", "sweep 900", "publish"}));
}

CAF_TEST(tables that are in doubt are read again and the read is told) {
  how.note.swept = {600};
  how.tables = 2;
  how.servers.to_read_again = [] {
    std::map<std::string, std::string> x{{"public.orders", "public.orders was rewritten"}};
    return result<std::map<std::string, std::string>>(x);
  };
  how.servers.progress = [] { return read_progress{false, "public.orders, 12 rows", {}}; };
  begin(true);
  tick();
  CAF_CHECK(one->log == strings{"read 700 public.orders"});
  CAF_CHECK(says("public.orders, 12 rows"));
  CAF_CHECK(says("public.orders was rewritten"));
}

CAF_TEST(figures over a table that can not be read keep filling by themselves) {
  read_progress reading{false, "", {{"public.orders", "permission denied"}}, true};
  fill_note saved;
  how.servers.tables = {"public.customers", "public.orders"};
  how.servers.tables_of = {{"people", {"public.customers"}}, {"revenue", {"public.orders"}}};
  how.servers.progress = [&] { return reading; };
  how.servers.doubt = [](const std::string&, const std::vector<std::string>&) { return result<void>(); };
  how.servers.save = [&](const fill_note& note, bool live) {
    saved = note;
    saved_live = live;
    return result<void>();
  };
  how.servers.saved = [&] { return result<std::optional<saved_note>>(saved_note{saved_live, saved}); };
  begin(false);
  for (int i = 0; i < 5; ++i)
    tick();
  CAF_CHECK(one->log
            == (strings{"read 700", "sweep 700 public.customers", "publish without revenue",
                        "read 900 public.orders"}));
  CAF_CHECK(!live());
  CAF_CHECK(status().filling == strings{"revenue"});
  CAF_CHECK(status().unreadable["public.orders"] == "permission denied");

  shown = wal = {1100}; // another slot: the figures that are live need all tables read
  one->log.clear();
  for (int i = 0; i < 5; ++i)
    tick();
  CAF_CHECK(one->log
            == (strings{"read 1300 public.customers public.orders", "sweep 1300 public.customers",
                        "publish without revenue", "read 1500 public.orders"}));

  reading = {true, "", {}};
  for (int i = 0; i < 5 && !saved_live; ++i)
    tick();
  CAF_CHECK(live());
  CAF_CHECK_EQUAL(one->log.back(), "publish");
}

CAF_TEST(a ledger that went back to before some figures were live has them filled again) {
  how.note.swept = {500};
  how.note.figures = {"revenue"};
  how.note.tables = {"public.orders"};
  how.servers.progress = [] { return read_progress{false, "", {{"public.orders", "no"}}, true}; };
  saved_note have{false, how.note};
  how.servers.saved = [&] { return result<std::optional<saved_note>>(have); };
  begin(false);
  tick();
  CAF_CHECK(one->log == strings{"read 700 public.orders"});
  have.note = {};
  have.note.birth = {100};
  advance_time(2s);
  settle();
  tick();
  CAF_CHECK_EQUAL(one->log.back(), "read 900");
}

CAF_TEST(doubts are read while a fill waits for a table that can not be read) {
  how.note.swept = {500};
  how.note.figures = {"revenue"};
  how.note.tables = {"public.orders"};
  how.servers.progress = [] { return read_progress{false, "", {{"public.orders", "no"}}, true}; };
  how.servers.to_read_again = [] {
    std::map<std::string, std::string> x{{"public.orders", "rewritten"}, {"public.customers", "rewritten"}};
    return result<std::map<std::string, std::string>>(x);
  };
  begin(false);
  tick();
  advance_time(2s);
  settle();
  tick();
  CAF_CHECK(one->log
            == (strings{"read 700 public.orders", "read 900 public.orders public.customers",
                        "sweep 900 public.customers"}));
}

CAF_TEST(a read that ended with the lead leaves no table to the next one) {
  how.note.swept = {600};
  how.tables = 2;
  std::map<std::string, std::string> doubted{{"public.orders", "public.orders was rewritten"}};
  how.servers.to_read_again = [&] { return result<std::map<std::string, std::string>>(doubted); };
  how.servers.progress = [] { return read_progress{}; };
  begin(true);
  CAF_CHECK_EQUAL(one->log.back(), "read 700 public.orders");
  self->send(coordinator, atom::homes_v, homes, false);
  settle();
  doubted.clear();
  shown = wal = {900}; // another slot
  self->send(coordinator, atom::homes_v, homes, true);
  settle();
  tick();
  tick();
  CAF_CHECK_EQUAL(one->log.back(), "read 1100");
}

CAF_TEST(live figures without a slot are doubted once) {
  how.note.swept = {600};
  how.look = [](bool) {
    surroundings_report x;
    x.slot.known = true;
    return x;
  };
  int doubted = 0;
  how.servers.doubt = [&](const std::string&, const std::vector<std::string>&) {
    return ++doubted, result<void>();
  };
  begin(true);
  for (int i = 0; i < 3; ++i) {
    advance_time(2s);
    settle();
  }
  CAF_CHECK_EQUAL(doubted, 1);
}

CAF_TEST(a ledger that is gone for a moment changes nothing) {
  how.note.swept = {500};
  how.servers.saved = [] { return result<std::optional<saved_note>>(std::nullopt); };
  begin(true);
  advance_time(2s);
  settle();
  tick();
  CAF_CHECK(one->log.empty());
  CAF_CHECK(live());
}

CAF_TEST(a follower sends no requests and reads the ledger) {
  bool fills = true;
  how.servers.saved = [&] { return result<std::optional<saved_note>>(saved_note{!fills, {}}); };
  begin(false, false);
  advance_time(2s);
  settle();
  CAF_CHECK(!live());
  fills = false;
  advance_time(2s);
  settle();
  CAF_CHECK(live());
  CAF_CHECK(one->log.empty());
}

CAF_TEST(a fill waits until every cell has an owner and asks again when one moves) {
  auto moved = homes.back();
  homes.pop_back();
  begin(false);
  tick();
  tick();
  CAF_CHECK(one->log.empty());
  homes.push_back(moved);
  self->send(coordinator, atom::homes_v, homes, true);
  settle();
  for (int i = 0; i < 5 && !saved_live; ++i)
    tick();
  CAF_CHECK(saved_live);
  CAF_CHECK_EQUAL(two->log.back(), "publish");
}

CAF_TEST(it reports how many cells no node serves) {
  auto moved = homes.back();
  homes.pop_back();
  begin(true);
  CAF_CHECK_EQUAL(status().unserved_cells, 1u);
  homes.push_back(moved);
  self->send(coordinator, atom::homes_v, homes, true);
  settle();
  CAF_CHECK_EQUAL(status().unserved_cells, 0u);
}

CAF_TEST(it looks around by its own clock) {
  begin(true);
  auto before = looks;
  tick();
  CAF_CHECK_EQUAL(looks, before);
  advance_time(2s);
  settle();
  CAF_CHECK_EQUAL(looks, before + 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
