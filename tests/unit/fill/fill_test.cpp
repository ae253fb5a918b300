#define CAF_SUITE fill.fill
#include "actors/fill/fill.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

const source_id orders{0};

/// Servers that can be told what to answer, and that write down what was asked.
struct world {
  postgres::slot_state slot;
  lsn wal{100};
  std::string open; ///< transactions
  bool captured = true;
  read_progress reading{true, "", {}};
  position_map ends{{orders, {9}}};
  position_map begins{{orders, {0}}};
  position_map durable{{orders, {-1}}};
  std::optional<std::string> broken; ///< what doesn't answer
  std::vector<std::string> log;
  fill_note saved;
  bool saved_live = false;
  std::vector<std::string> held; ///< figures that the last `publish` left out

  result<void> up(const std::string& what) {
    if (broken && *broken == what)
      return error{errc::unavailable, what + " doesn't answer"};
    return {};
  }
  template <class T>
  result<T> ask(const std::string& what, T answer) {
    auto x = up(what);
    return x ? result<T>(std::move(answer)) : result<T>(x.why());
  }
  void note(const std::string& what, lsn from, const std::vector<std::string>& tables) {
    log.push_back(what + " " + std::to_string(from.value));
    for (auto& x : tables)
      log.back() += " " + x;
  }
  fill_backend backend() {
    fill_backend out;
    out.emit_marker = [this]() -> result<lsn> {
      if (auto x = up("marker"); !x)
        return x.why();
      log.push_back("marker");
      return wal = lsn{wal.value + 10};
    };
    out.slot = [this] { return ask("slot", slot); };
    out.captured = [this](lsn) { return ask("captured", captured); };
    out.next_transaction = [this] { return ask("next_transaction", std::uint64_t{7}); };
    out.open_before = [this](std::uint64_t) { return ask("open_before", open); };
    out.announce = [this](lsn from, const std::vector<std::string>& tables) {
      note("announce", from, tables);
    };
    out.read = [this](lsn from, const std::vector<std::string>& tables) {
      note("read", from, tables);
      return up("read");
    };
    out.progress = [this] { return reading; };
    out.ends = [this] { return ask("ends", ends); };
    out.begins = [this] { return ask("begins", begins); };
    out.durable = [this](const position_map& x) {
      return ask("durable", durable.at(orders) >= x.at(orders));
    };
    out.sweep = [this](lsn from, const std::vector<std::string>& tables) { note("sweep", from, tables); };
    out.publish = [this](const std::vector<std::string>& x) {
      log.push_back("publish");
      held = x;
    };
    out.tables = {"public.customers", "public.orders"};
    out.tables_of = {{"geo", {"public.orders", "public.customers"}},
                     {"people", {"public.customers"}},
                     {"revenue", {"public.orders"}}};
    out.proven = [this](lsn from, const std::vector<std::string>& tables) {
      note("proven", from, tables);
      return up("proven");
    };
    out.doubt = [this](const std::string&, const std::vector<std::string>& tables) {
      log.push_back("doubt");
      for (auto& x : tables)
        log.back() += " " + x;
      return up("doubt");
    };
    out.save = [this](const fill_note& note, bool live) {
      auto x = up("save");
      if (x)
        log.push_back(live ? "live" : "note"), saved = note, saved_live = live;
      return x;
    };
    return out;
  }
  void orders_can_not_be_read() { reading = {false, "", {{"public.orders", "permission denied"}}, true}; }
  std::string transcript() const {
    std::string out;
    for (auto& x : log)
      out += (out.empty() ? "" : ", ") + x;
    return out;
  }
  /// Debezium reads and confirms all of the log.
  void debezium_catches_up() {
    slot.exists = true;
    slot.confirmed_flush = wal;
  }
};

fill_note born_at(std::uint64_t wal) {
  fill_note out;
  out.birth = {wal};
  return out;
}

using stage = fill::stage;

struct fixture {
  world around;
  std::optional<fill> it;

  fixture() { begin(born_at(100)); }
  void begin(fill_note note, bool live = false) { it.emplace(around.backend(), std::move(note), live); }
  void step() { CAF_REQUIRE(it->step()); }

  /// Brings the fill to the stage, where nothing holds it up.
  void up_to(stage wanted) {
    around.slot.exists = true;
    around.durable = around.ends;
    for (int i = 0; i < 20 && it->at() != wanted && !it->done(); ++i) {
      step();
      around.debezium_catches_up();
      if (it->at() == wanted)
        return;
      it->on_announced();
      it->on_swept();
      it->on_published();
    }
    CAF_CHECK(it->at() == wanted);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(fill_tests, fixture)

CAF_TEST(a fill reads the tables once the cells know of it and then sweeps and publishes) {
  up_to(stage::done);
  CAF_CHECK(around.saved_live);
  CAF_CHECK_EQUAL(around.transcript(),
                  "marker, marker, announce 120, read 120, sweep 120, publish, proven 120, live");
  CAF_CHECK_EQUAL(it->note().swept.value, 120u);
}

CAF_TEST(no marker is written before the slot is there) {
  step();
  step();
  CAF_CHECK_EQUAL(around.transcript(), "");
  around.slot.exists = true;
  step();
  CAF_CHECK_EQUAL(around.transcript(), "marker");
  CAF_CHECK(it->at() == stage::stream);
}

CAF_TEST(a slot that is dropped while the marker is under way takes a new marker) {
  up_to(stage::stream);
  step();
  around.slot = {};
  step();
  around.slot.exists = true;
  around.slot.confirmed_flush = around.wal; // the new slot begins after the old marker
  step();
  CAF_CHECK(it->at() == stage::stream);
  CAF_CHECK_EQUAL(around.transcript(), "marker, marker");
}

CAF_TEST(nothing is read before a Debezium captures every table) {
  around.captured = false;
  around.slot.exists = true;
  step();
  around.debezium_catches_up();
  step();
  CAF_CHECK(it->at() == stage::stream);
  around.captured = true;
  step();
  CAF_CHECK(it->at() == stage::announcing);
  CAF_CHECK_EQUAL(around.transcript(), "marker, marker, announce 120");
}

CAF_TEST(nothing is read before every cell knows of the read) {
  around.reading.done = false;
  up_to(stage::announcing);
  step();
  CAF_CHECK(it->at() == stage::announcing);
  it->on_announced();
  step();
  CAF_CHECK_EQUAL(around.log.back(), "read 120");
}

CAF_TEST(a read waits for transactions that were open when it began and names them) {
  around.reading.done = false;
  around.open = "process 7 (app)";
  up_to(stage::settle);
  step();
  CAF_CHECK(it->at() == stage::settle);
  CAF_CHECK(it->words().find("process 7 (app)") != std::string::npos);
  around.open = "";
  step();
  CAF_CHECK_EQUAL(around.log.back(), "read 120");
}

CAF_TEST(nothing is swept while a table can not be read and the reason is told) {
  around.reading = {false, "public.orders", {{"public.orders", "permission denied"}}};
  up_to(stage::read);
  step();
  CAF_CHECK(it->at() == stage::read);
  CAF_CHECK(!it->stuck());
  CAF_CHECK_EQUAL(it->trouble(), "public.orders can't be read: permission denied");
  around.reading = {true, "", {}};
  up_to(stage::done);
  CAF_CHECK_EQUAL(it->trouble(), "");
}

CAF_TEST(nothing is swept before all that Kafka had is durable) {
  around.reading.done = false;
  up_to(stage::read);
  around.reading.done = true;
  around.durable[orders] = {8};
  step();
  CAF_CHECK(it->at() == stage::drain);
  around.durable[orders] = {9};
  step();
  CAF_CHECK(it->at() == stage::sweeping);
}

CAF_TEST(tables are read again where Kafka deleted rows of the read before they were taken) {
  for (auto trimmed : {true, false}) {
    around = {};
    begin(born_at(100));
    around.reading.done = false;
    up_to(stage::read);
    around.reading.done = true;
    if (trimmed)
      around.begins = {{orders, {11}}}, around.ends = around.durable = {{orders, {12}}}; // it began behind 9
    else
      around.ends = around.durable = {{orders, {5}}}; // another topic of the name
    auto moved = it->step();
    CAF_REQUIRE(!moved);
    CAF_CHECK(moved.why().message.find("Kafka deleted rows of the read") == 0);
    CAF_CHECK(it->at() == stage::stream);
    CAF_CHECK_EQUAL(around.log.back(), "read 120");
    up_to(stage::done);
    CAF_CHECK_EQUAL(around.transcript(),
                    "marker, marker, announce 120, read 120, marker, marker, announce 140, "
                    "read 140, sweep 140, publish, proven 140, live");
  }
}

CAF_TEST(what comes to Kafka during the drain is not waited for) {
  around.reading.done = false;
  up_to(stage::read);
  around.reading.done = true;
  around.durable[orders] = {8};
  step();
  around.ends[orders] = {1'000'000};
  around.durable[orders] = {9};
  step();
  CAF_CHECK(it->at() == stage::sweeping);
}

CAF_TEST(topics that have every row are not read beside) {
  begin(born_at(0));
  around.captured = false; // nobody reads beside them
  up_to(stage::done);
  CAF_CHECK_EQUAL(around.transcript(), "marker, publish, live");
}

CAF_TEST(a cell that does not know of the read has all of it done again) {
  up_to(stage::sweeping);
  around.log.clear();
  it->on_unknown();
  up_to(stage::publishing);
  CAF_CHECK_EQUAL(around.transcript(), "marker, marker, announce 140, read 140, sweep 140, publish");
}

CAF_TEST(a crash at any stage ends in the same figures) {
  for (auto at :
       {stage::stream, stage::announcing, stage::settle, stage::read, stage::sweeping, stage::publishing}) {
    around = world{};
    begin(born_at(100));
    if (at == stage::settle)
      around.open = "process 7";
    if (at == stage::read)
      around.reading.done = false;
    up_to(at);
    begin(born_at(100));
    around.open = "";
    around.reading.done = true;
    up_to(stage::done);
    CAF_CHECK(around.saved_live);
    CAF_CHECK_EQUAL(around.log.back(), "live");
    CAF_CHECK_EQUAL(around.saved.swept.value, around.wal.value);
  }
}

CAF_TEST(a server that does not answer leaves the stage and it goes on later) {
  for (auto what : {"slot", "marker", "captured", "next_transaction", "open_before", "read", "ends",
                    "durable", "proven", "save"}) {
    around = world{};
    begin(born_at(100));
    around.slot.exists = true;
    around.durable = around.ends;
    around.broken = what;
    bool failed = false;
    for (int i = 0; i < 20 && !failed; ++i) {
      auto before = it->at();
      failed = !it->step();
      CAF_CHECK(!failed || it->at() >= before);
      around.slot.confirmed_flush = around.wal;
      it->on_announced();
      it->on_swept();
      it->on_published();
    }
    CAF_MESSAGE(what);
    CAF_CHECK(failed);
    CAF_CHECK(!it->done());
    around.broken.reset();
    up_to(stage::done);
  }
}

CAF_TEST(a cell that was lost is asked again) {
  up_to(stage::announcing);
  it->on_lost();
  step();
  CAF_CHECK(it->at() == stage::announcing);
  up_to(stage::sweeping);
  it->on_lost();
  step();
  CAF_CHECK(it->at() == stage::sweeping);
  it->on_swept();
  step();
  it->on_lost();
  step();
  CAF_CHECK(it->at() == stage::publishing);
  CAF_CHECK_EQUAL(around.transcript(),
                  "marker, marker, announce 120, marker, announce 130, read 130, sweep 130, "
                  "sweep 130, publish, publish");
}

CAF_TEST(answers that nobody waits for change nothing) {
  it->on_announced();
  it->on_published();
  it->on_swept();
  it->on_lost();
  it->on_unknown();
  CAF_CHECK(it->at() == stage::stream);
}

CAF_TEST(tables that are read again under live figures are only swept) {
  begin(born_at(100), true);
  up_to(stage::done);
  CAF_CHECK_EQUAL(around.transcript(), "marker, marker, announce 120, read 120, sweep 120, proven 120, live");
  CAF_CHECK_EQUAL(around.saved.swept.value, 120u);
}

CAF_TEST(one table that is read again leaves what is known of all alone) {
  auto note = born_at(100);
  note.tables = {"public.orders"};
  note.swept = {70};
  begin(note, true);
  up_to(stage::done);
  CAF_CHECK_EQUAL(around.transcript(), "marker, marker, announce 120 public.orders, read 120 public.orders, "
                                       "sweep 120 public.orders, proven 120 public.orders, live");
  CAF_CHECK_EQUAL(around.saved.swept.value, 70u);
  CAF_CHECK(around.saved.tables.empty());
}

CAF_TEST(figures that the rows in memory suffice for are published at once) {
  auto note = born_at(100);
  note.figures = {"geo"};
  note.swept = {70};
  begin(note);
  step();
  it->on_published();
  step();
  CAF_CHECK(it->done());
  CAF_CHECK_EQUAL(around.transcript(), "publish, live");
  CAF_CHECK(around.saved.figures.empty());
  CAF_CHECK_EQUAL(around.saved.swept.value, 70u);
}

CAF_TEST(figures that lack rows of a table have that table read again and no other swept) {
  auto note = born_at(100);
  note.figures = {"geo"};
  note.tables = {"public.orders"};
  note.swept = {70};
  begin(note);
  up_to(stage::done);
  CAF_CHECK_EQUAL(around.transcript(), "marker, marker, announce 120 public.orders, read 120 public.orders, "
                                       "sweep 120 public.orders, publish, proven 120 public.orders, live");
  CAF_CHECK(around.saved.tables.empty());
  CAF_CHECK_EQUAL(around.saved.swept.value, 70u);
}

CAF_TEST(a table that can not be read holds the figures over it and no others) {
  around.orders_can_not_be_read();
  up_to(stage::done);
  CAF_CHECK_EQUAL(around.transcript(),
                  "marker, marker, announce 120, read 120, sweep 120 public.customers, publish, "
                  "doubt public.orders, proven 120 public.customers, note");
  CAF_CHECK(around.held == (std::vector<std::string>{"geo", "revenue"}));
  CAF_CHECK(!around.saved_live);
  CAF_CHECK(around.saved.figures == around.held);
  CAF_CHECK(around.saved.tables == std::vector<std::string>{"public.orders"});
  CAF_CHECK_EQUAL(around.saved.swept.value, 120u);
  CAF_CHECK_EQUAL(it->trouble(), "public.orders can't be read: permission denied");

  around.log.clear();
  begin(around.saved); // what is left
  up_to(stage::read);
  step();
  CAF_CHECK(it->stuck());
  around.reading = {true, "", {}};
  up_to(stage::done);
  CAF_CHECK(around.saved_live);
  CAF_CHECK(around.held.empty());
  CAF_CHECK_EQUAL(around.transcript(),
                  "marker, marker, announce 140 public.orders, read 140 public.orders, marker, marker, "
                  "announce 160 public.orders, read 160 public.orders, sweep 160 public.orders, publish, "
                  "proven 160 public.orders, live");
  CAF_CHECK_EQUAL(around.saved.swept.value, 120u);
}

CAF_TEST(a figure of an apply that needs no read goes live while another waits for its table) {
  around.orders_can_not_be_read();
  auto note = born_at(100);
  note.figures = {"people", "revenue"};
  note.tables = {"public.orders"};
  begin(note);
  up_to(stage::done);
  CAF_CHECK_EQUAL(around.transcript(),
                  "marker, marker, announce 120 public.orders, read 120 public.orders, publish, "
                  "doubt public.orders, note");
  CAF_CHECK(around.saved.figures == std::vector<std::string>{"revenue"});
}

CAF_TEST(a read under live figures ends without a table that can not be read) {
  around.orders_can_not_be_read();
  begin(born_at(100), true);
  up_to(stage::done);
  CAF_CHECK_EQUAL(around.transcript(), "marker, marker, announce 120, read 120, sweep 120 public.customers, "
                                       "doubt public.orders, proven 120 public.customers, live");
  CAF_CHECK(around.saved.figures.empty());
  CAF_CHECK(around.saved.tables.empty());
}

CAF_TEST(a fill of nothing but tables that can not be read waits) {
  around.orders_can_not_be_read();
  for (auto live : {true, false}) {
    auto note = born_at(100);
    if (!live)
      note.figures = {"geo", "revenue"};
    note.tables = {"public.orders"};
    begin(note, live);
    up_to(stage::read);
    step();
    CAF_CHECK(it->stuck());
  }
}

CAF_TEST(a cell that does not know of a read without a table has all tables read again) {
  around.orders_can_not_be_read();
  up_to(stage::sweeping);
  around.reading = {true, "", {}};
  it->on_unknown();
  up_to(stage::done);
  CAF_CHECK(around.saved_live);
  CAF_CHECK(around.held.empty());
}

CAF_TEST(a note comes back from its text and foreign text is an empty note) {
  fill_note note{"Redis \"lost\" it", {1}, {3}, {"geo"}, {"public.orders"}};
  auto back = fill_note_from_json(to_json(note));
  CAF_CHECK_EQUAL(back.reason, note.reason);
  CAF_CHECK(back.birth == note.birth);
  CAF_CHECK(back.swept == note.swept);
  CAF_CHECK(back.figures == note.figures);
  CAF_CHECK(back.tables == note.tables);
  for (auto text : {"", "null", "[]", "{", "7"})
    CAF_CHECK(fill_note_from_json(text).reason.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
