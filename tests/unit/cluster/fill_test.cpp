#define CAF_SUITE cluster.fill
#include "actors/cluster/fill.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

const source_id orders{table_id{0}, partition_id{0}};

/// Servers that can be told what to answer, and that write down what was asked.
struct world {
  postgres::slot_state slot;
  lsn wal{100};
  lsn last_snapshot{0};
  std::map<std::string, snapshot_progress> snapshots;
  offsets_by_source ends{{orders, {9}}};
  offsets_by_source durable{{orders, {-1}}};
  std::optional<std::string> broken; ///< what doesn't answer
  std::vector<std::string> log;
  fill_note saved;
  bool saved_live = false;

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
  fill_backend backend() {
    fill_backend out;
    out.emit_marker = [this]() -> result<lsn> {
      if (auto x = up("marker"); !x)
        return x.why();
      log.push_back("marker");
      return wal = lsn{wal.value + 10};
    };
    out.slot = [this] { return ask("slot", slot); };
    out.wal = [this] { return ask("wal", wal); };
    out.last_snapshot = [this] { return ask("last_snapshot", last_snapshot); };
    out.ask_for_snapshot = [this](const std::string& id, const std::vector<std::string>& tables) {
      auto x = up("signal");
      if (x)
        log.push_back("signal" + list(tables)), snapshots.try_emplace(id, snapshot_progress::unknown);
      return x;
    };
    out.snapshot = [this](const std::string& id, const std::vector<std::string>&) {
      auto found = snapshots.find(id);
      return found == snapshots.end() ? snapshot_progress::unknown : found->second;
    };
    out.ends = [this] { return ask("ends", ends); };
    out.durable = [this](const offsets_by_source& x) {
      return ask("durable", durable.at(orders) >= x.at(orders));
    };
    out.sweep = [this](lsn limit, const std::vector<std::string>& tables) {
      log.push_back("sweep " + std::to_string(limit.value) + list(tables));
    };
    out.publish = [this] { log.push_back("publish"); };
    out.save = [this](const fill_note& note, bool live) {
      auto x = up("save");
      if (x)
        log.push_back(live ? "live" : "note"), saved = note, saved_live = live;
      return x;
    };
    return out;
  }
  static std::string list(const std::vector<std::string>& x) {
    std::string out;
    for (auto& each : x)
      out += " " + each;
    return out;
  }
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
  void snapshot_is(snapshot_progress x) {
    for (auto& [_, progress] : snapshots)
      progress = x;
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
  /// The node dies and comes back with what was saved.
  void crash() { begin(around.saved.birth.value ? around.saved : born_at(100)); }
  void step() { CAF_REQUIRE(it->step()); }

  /// Brings the fill to the stage, by way of a snapshot of Debezium's own.
  void up_to(stage wanted) {
    around.last_snapshot = {150};
    around.slot.exists = true;
    step();
    if (wanted == stage::stream)
      return;
    around.debezium_catches_up();
    step();
    if (wanted == stage::drain)
      return;
    around.durable = around.ends;
    step();
    if (wanted == stage::sweeping)
      return;
    it->on_swept();
    step();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(fill_tests, fixture)

CAF_TEST(a fill waits for the stream then drains sweeps publishes and is live) {
  up_to(stage::publishing);
  CAF_CHECK(it->at() == stage::publishing);
  it->on_published();
  step();
  CAF_CHECK(it->done());
  CAF_CHECK(around.saved_live);
  CAF_CHECK_EQUAL(around.transcript(), "marker, sweep 150, publish, live");
  CAF_CHECK_EQUAL(it->note().swept.value, 150u);
}

CAF_TEST(no marker is written before the slot is there) {
  around.last_snapshot = {150};
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
  around.slot = {};
  step();
  around.debezium_catches_up(); // the new slot begins behind the old marker
  step();
  CAF_CHECK(it->at() == stage::stream);
  CAF_CHECK_EQUAL(around.transcript(), "marker, marker");
}

CAF_TEST(a slot that nobody could look at takes a new marker too) {
  up_to(stage::stream);
  around.broken = "slot";
  CAF_CHECK(!it->step());
  around.broken.reset();
  around.debezium_catches_up();
  step();
  CAF_CHECK(it->at() == stage::stream);
  CAF_CHECK_EQUAL(around.transcript(), "marker, marker");
}

CAF_TEST(the marker is written once while Debezium is on its way) {
  up_to(stage::stream);
  step();
  step();
  CAF_CHECK_EQUAL(around.transcript(), "marker");
}

CAF_TEST(nothing is swept before all that Kafka had is durable) {
  up_to(stage::drain);
  step();
  CAF_CHECK(it->at() == stage::drain);
  around.durable[orders] = {8};
  step();
  CAF_CHECK(it->at() == stage::drain);
  around.durable[orders] = {9};
  step();
  CAF_CHECK(it->at() == stage::sweeping);
}

CAF_TEST(what comes to Kafka during the drain is not waited for) {
  up_to(stage::drain);
  around.ends[orders] = {1'000'000};
  around.durable[orders] = {9};
  step();
  CAF_CHECK(it->at() == stage::sweeping);
}

CAF_TEST(a ledger that began after the last snapshot has one taken) {
  around.last_snapshot = {100}; // not after the birth at 100
  around.debezium_catches_up();
  step();
  around.debezium_catches_up();
  step();
  CAF_CHECK(it->at() == stage::snapshot);
  CAF_CHECK_EQUAL(around.transcript(), "marker, note, signal");
  CAF_CHECK(!around.saved_live);
  CAF_CHECK_EQUAL(around.saved.signal_id, it->note().signal_id);
  CAF_CHECK_EQUAL(around.saved.signalled_at.value, 110u);
}

CAF_TEST(rows of a transaction that is open while a snapshot is asked for are not swept) {
  around.debezium_catches_up();
  around.slot.restart = {42}; // it began there, and commits behind the snapshot
  step();
  around.debezium_catches_up();
  step();
  CAF_CHECK(it->at() == stage::snapshot);
  CAF_CHECK_EQUAL(around.saved.signalled_at.value, 42u);
}

CAF_TEST(rows of a transaction that was open while Debezium took a snapshot are not swept) {
  around.slot.restart = {140}; // it began there, and commits behind the snapshot at 150
  up_to(stage::stream);
  around.slot.restart = {160}; // it is over
  up_to(stage::publishing);
  CAF_CHECK_EQUAL(around.transcript(), "marker, sweep 140, publish");
  it->on_published();
  step();
  CAF_CHECK_EQUAL(it->note().swept.value, 150u); // or the snapshot would be swept by again and again
}

CAF_TEST(what is known of a slot goes with it) {
  around.slot.restart = {40};
  up_to(stage::stream);
  around.slot = {};
  step();
  around.slot.restart = {140};
  up_to(stage::publishing);
  CAF_CHECK_EQUAL(around.transcript(), "marker, marker, sweep 140, publish");
}

CAF_TEST(a snapshot that was asked for is swept by the LSN noted before it) {
  around.debezium_catches_up();
  step();
  around.debezium_catches_up();
  step();
  around.snapshot_is(snapshot_progress::running);
  step();
  CAF_CHECK(it->at() == stage::snapshot);
  around.snapshot_is(snapshot_progress::completed);
  step();
  CAF_CHECK(it->at() == stage::stream_again); // the notification overtakes the last rows
  around.debezium_catches_up();
  around.durable = around.ends;
  step();
  CAF_CHECK_EQUAL(around.transcript(), "marker, note, signal, marker, sweep 110");
}

CAF_TEST(a snapshot that failed is asked for under a new id) {
  around.debezium_catches_up();
  step();
  around.debezium_catches_up();
  step();
  auto first = it->note().signal_id;
  around.snapshot_is(snapshot_progress::failed);
  step();
  CAF_CHECK(it->at() == stage::snapshot);
  CAF_CHECK_NOT_EQUAL(it->note().signal_id, first);
  CAF_CHECK_EQUAL(around.saved.signal_id, it->note().signal_id);
}

CAF_TEST(a crash after the signal goes on with the same snapshot) {
  around.debezium_catches_up();
  step();
  around.debezium_catches_up();
  step();
  auto id = it->note().signal_id;
  crash();
  step();
  around.debezium_catches_up();
  step();
  CAF_CHECK(it->at() == stage::snapshot);
  CAF_CHECK_EQUAL(it->note().signal_id, id);
  CAF_CHECK_EQUAL(around.snapshots.size(), 1u);
  CAF_CHECK_EQUAL(it->note().signalled_at.value, 110u); // not moved on by asking again
}

CAF_TEST(a crash between note and signal asks for the noted snapshot) {
  around.debezium_catches_up();
  step();
  around.debezium_catches_up();
  around.broken = "signal";
  CAF_CHECK(!it->step());
  auto id = around.saved.signal_id;
  CAF_CHECK(!id.empty());
  CAF_CHECK(around.snapshots.empty());
  around.broken.reset();
  crash();
  step();
  around.debezium_catches_up();
  step();
  CAF_CHECK(around.snapshots.contains(id));
}

CAF_TEST(a note that could not be saved asks for nothing) {
  around.debezium_catches_up();
  step();
  around.debezium_catches_up();
  around.broken = "save";
  CAF_CHECK(!it->step());
  CAF_CHECK(it->note().signal_id.empty());
  CAF_CHECK(around.snapshots.empty());
  around.broken.reset();
  step();
  CAF_CHECK_EQUAL(around.snapshots.size(), 1u);
}

CAF_TEST(a crash at any stage ends in the same figures) {
  for (auto at : {stage::stream, stage::drain, stage::sweeping, stage::publishing}) {
    around = world{};
    begin(born_at(100));
    up_to(at);
    around.durable[orders] = {-1};
    crash();
    around.log.clear();
    up_to(stage::publishing);
    it->on_published();
    step();
    CAF_CHECK(it->done());
    CAF_CHECK_EQUAL(around.transcript(), "marker, sweep 150, publish, live");
  }
}

CAF_TEST(a server that does not answer leaves the stage and it goes on later) {
  for (auto what : {"slot", "marker", "last_snapshot", "ends", "durable", "save"}) {
    around = world{};
    begin(born_at(100));
    around.last_snapshot = {150};
    around.slot.exists = true;
    around.durable = around.ends;
    around.broken = what;
    bool failed = false;
    for (int i = 0; i < 10 && !failed; ++i) {
      auto before = it->at();
      failed = !it->step();
      CAF_CHECK(!failed || it->at() >= before);
      around.slot.confirmed_flush = around.wal;
      it->on_swept();
      it->on_published();
    }
    CAF_MESSAGE(what);
    CAF_CHECK(failed);
    CAF_CHECK(!it->done());
    around.broken.reset();
    for (int i = 0; i < 10 && !it->done(); ++i) {
      around.slot.confirmed_flush = around.wal;
      step();
      it->on_swept();
      it->on_published();
    }
    CAF_CHECK(it->done());
  }
}

CAF_TEST(a cell that was lost during sweep or publish is asked again) {
  up_to(stage::sweeping);
  it->on_lost();
  step();
  CAF_CHECK(it->at() == stage::sweeping);
  it->on_swept();
  step();
  it->on_lost();
  step();
  CAF_CHECK(it->at() == stage::publishing);
  CAF_CHECK_EQUAL(around.transcript(), "marker, sweep 150, sweep 150, publish, publish");
}

CAF_TEST(answers that nobody waits for change nothing) {
  it->on_published();
  it->on_swept();
  it->on_lost();
  CAF_CHECK(it->at() == stage::stream);
}

CAF_TEST(a new snapshot while live only sweeps) {
  begin(born_at(100), true);
  around.last_snapshot = {900};
  around.slot.exists = true;
  step();
  around.debezium_catches_up();
  around.durable = around.ends;
  step();
  CAF_CHECK(it->at() == stage::sweeping);
  it->on_swept();
  step();
  CAF_CHECK(it->done());
  CAF_CHECK_EQUAL(around.transcript(), "marker, sweep 900, live");
  CAF_CHECK_EQUAL(around.saved.swept.value, 900u);
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
  around.last_snapshot = {150}; // doesn't suffice: it was read for other columns
  begin(note);
  step();
  CAF_CHECK_EQUAL(around.transcript(), "note, signal public.orders");
  CAF_CHECK_EQUAL(it->note().signalled_at.value, 100u);
  crash();
  step();
  CAF_CHECK_EQUAL(around.snapshots.size(), 1u);
  around.debezium_catches_up();
  around.snapshot_is(snapshot_progress::completed);
  step();
  around.debezium_catches_up();
  around.durable = around.ends;
  step();
  CAF_CHECK_EQUAL(around.log.back(), "sweep 100 public.orders");
  it->on_swept();
  step();
  it->on_published();
  step();
  CAF_CHECK(it->done());
  CAF_CHECK(around.saved.tables.empty());
  CAF_CHECK_EQUAL(around.saved.swept.value, 70u);
}

CAF_TEST(a note comes back from its text and foreign text is an empty note) {
  fill_note note{"Redis \"lost\" it", {1}, "millrace-77", {~std::uint64_t{0}}, {3}, {"geo"},
                 {"public.orders"}};
  auto back = fill_note_from_json(to_json(note));
  CAF_CHECK_EQUAL(back.reason, note.reason);
  CAF_CHECK(back.birth == note.birth);
  CAF_CHECK_EQUAL(back.signal_id, note.signal_id);
  CAF_CHECK(back.signalled_at == note.signalled_at);
  CAF_CHECK(back.swept == note.swept);
  CAF_CHECK(back.figures == note.figures);
  CAF_CHECK(back.tables == note.tables);
  for (auto text : {"", "null", "[]", "{", "7"})
    CAF_CHECK(fill_note_from_json(text).reason.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
