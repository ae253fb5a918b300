#include "nodes/node/company.hpp"

#include "actors/aggregator/aggregator_actor.hpp"
#include "actors/alert_sender/alert_sender_actor.hpp"
#include "actors/batch_scheduler/batch_scheduler_actor.hpp"
#include "actors/cdc_router/cdc_router_actor.hpp"
#include "actors/dispatcher/dispatcher_actor.hpp"
#include "actors/figures/plan/plan_use.hpp"
#include "actors/fill/fill_actor.hpp"
#include "actors/fill/surroundings.hpp"
#include "actors/inspector/inspector_actor.hpp"
#include "actors/ledger/retire.hpp"
#include "actors/member/member_actor.hpp"
#include "actors/place_reader/place_reader_actor.hpp"
#include "actors/reconciler/reconciler_actor.hpp"
#include "actors/redis/server_clock.hpp"
#include "actors/redis_writer/redis_writer_actor.hpp"
#include "nodes/node/alert_couriers.hpp"
#include "nodes/node/connector_watch.hpp"
#include "nodes/node/lasting_store.hpp"
#include "nodes/node/node_network.hpp"
#include "nodes/node/node_registry.hpp"
#include "nodes/node/node_work.hpp"
#include "nodes/node/place_values.hpp"
#include "nodes/node/start.hpp"
#include "nodes/node/verify_command.hpp"
#include "nodes/node/watched_actor.hpp"
#include "nodes/settings/project.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds drain_limit{10};

std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

} // namespace

result<void> company::assemble() {
  if (auto set = set_clock(); !set)
    return set;
  auto work = how_.is_one_of_many() ? work_by_groups(how_, from_.sources) : work_alone(how_, from_.sources);
  if (!work)
    return work.why();
  work_ = std::move(*work);
  auto reads = open_source(how_, *from_.plans, from_.sources,
                           {from_.first_fill, from_.database, from_.note.birth, true});
  if (!reads)
    return reads.why();
  spawn_writer();
  spawn_router(std::move(*reads));
  spawn_fill();
  spawn_batches();
  spawn_alert_sender();
  spawn_reconciler();
  if (auto joined = spawn_member(); !joined)
    return joined;
  spawn_place_reader();
  spawn_inspector();
  watch_all();
  return {};
}

void company::drain() {
  caf::scoped_actor self{system_};
  auto deadline = std::chrono::steady_clock::now() + drain_limit;
  self->request(*member_, drain_limit, atom::leave_v).receive([](bool) {}, [](caf::error&) {});
  self->send_exit(router_, caf::exit_reason::user_shutdown);
  self->wait_for(router_);
  for (bool busy = true; busy && std::chrono::steady_clock::now() < deadline;)
    self->request(writer_, std::chrono::seconds{2}, atom::status_v)
        .receive([&](const writer_report& x) { busy = x.busy; }, [&](caf::error&) { busy = false; });
  auto rest = std::max<std::chrono::steady_clock::duration>(deadline - std::chrono::steady_clock::now(),
                                                            std::chrono::seconds{1});
  self->request(*member_, rest, atom::release_v).receive([](bool) {}, [](caf::error&) {});
}

result<void> company::set_clock() {
  auto store = open_store(how_, *from_.plans);
  if (!store)
    return store.why();
  auto time = store->time();
  if (!time)
    return time.why();
  if (!*time)
    spdlog::warn(
        "node: this Redis user may not run TIME (ACL: +time), so buckets close by this machine's clock");
  clock_->set(time->value_or(redis::machine_time()));
  return {};
}

void company::spawn_writer() {
  redis_writer_settings x;
  x.open = [how = how_, plans = from_.plans.get()] { return open_store(how, *plans); };
  x.now = [clock = clock_] { return clock->now(); };
  x.time_is = [clock = clock_](std::chrono::microseconds time) { clock->set(time); };
  x.lost = lost_;
  x.plans = from_.plans.get();
  x.walked_places = how_.walk_places;
  if (how_.is_one_of_many())
    x.fenced = [to = member_](cell_id cell) { caf::anon_send(*to, atom::fenced_v, cell); };
  writer_ = system_.spawn<caf::detached>(redis_writer, x);
}

void company::spawn_router(std::shared_ptr<change_source> reads) {
  cdc_router_settings x;
  x.source = std::move(reads);
  x.letters = open_letters(how_, from_.sources);
  x.plans = from_.plans.get();
  x.credit_bytes = how_.stream_buffer_mib << 20;
  x.now_ms = unix_ms;
  x.lost = lost_;
  router_ = system_.spawn<caf::detached>(cdc_router, x);
}

void company::spawn_fill() {
  surroundings_settings x;
  x.session = std::make_shared<postgres::lasting_session>(how_.postgres);
  x.log = open_capture(how_, *from_.plans, from_.sources, x.session,
                       {watch_connector(how_), connector_restarter(how_)}, lost_);
  x.letters = open_letters(how_);
  x.feeds = feeds_of(how_);
  auto names = names_of(how_);
  x.publication = names.slot;
  x.roles = {names.node_role, names.debezium_role};
  x.life = from_.life;
  x.system_identifier = from_.database;
  x.plans = from_.plans.get();
  x.shards = how_.shards;
  x.open_store = [how = how_, plans = from_.plans.get()] { return open_store(how, *plans); };
  x.lost = lost_;
  auto around = std::make_shared<surroundings>(std::move(x));
  fill_settings c;
  c.servers = around->backend();
  c.look = [around](bool leads) { return around->look(leads); };
  c.cells = all_cells(*from_.plans, how_.shards).size();
  c.tables = captured_tables(*from_.plans).size();
  c.note = from_.note;
  c.live = from_.live;
  fill_ = system_.spawn<caf::detached>(fill_coordinator, c);
}

void company::spawn_batches() {
  if (from_.plans->batches.empty())
    return;
  auto opened = [how = how_, plans = from_.plans] { return open_store(how, *plans); };
  batch_run_settings run;
  run.plans = from_.plans.get();
  run.database = [to = how_.postgres] { return postgres::session::open(to); };
  run.store = opened;
  run.statement_timeout = std::chrono::seconds{how_.batch_timeout_seconds};
  batch_worker_ = system_.spawn<caf::detached>(batch_worker, run);
  auto store = std::make_shared<lasting_store>(opened);
  batch_scheduler_settings x;
  x.plans = from_.plans.get();
  x.worker = batch_worker_;
  x.now = [clock = clock_] { return clock->now().value; };
  x.run_limit = 2 * run.statement_timeout;
  x.ledger.look = [store] { return store->use([](auto& in) { return in.batches(); }); };
  x.ledger.claim = [store, life = from_.life](const std::string& token) {
    return store->use([&](redis::store& in) { return in.claim_batches(token, life); });
  };
  x.ledger.step = [store](const redis::batch_step& one) {
    return store->use([&](redis::store& in) { return in.step_batches(one); });
  };
  batches_ = system_.spawn<caf::detached>(batch_scheduler, x);
  goes_with(batches_, "the batch_scheduler", lost_);
  goes_with(batch_worker_, "the batch_worker", lost_);
}

void company::spawn_alert_sender() {
  alert_sender_settings x;
  for (auto& one : alert_receivers_of(how_, *from_.plans)) {
    auto with = backend_of(one, how_, from_, clock_);
    auto courier = system_.spawn<caf::detached>(alert_courier, one.how, std::move(with));
    goes_with(courier, "the alert_courier of " + one.how.name, lost_);
    x.receivers.push_back({one.how.name, one.how.server, courier});
  }
  if (x.receivers.empty())
    return;
  x.now = [clock = clock_] { return clock->now().value; };
  alerts_ = system_.spawn(alert_sender, std::move(x));
  goes_with(alerts_, "the alert_sender", lost_);
}

void company::spawn_reconciler() {
  if (how_.reconcile_seconds == 0)
    return;
  reconciler_settings x;
  x.command = verify_command();
  x.interval = std::chrono::seconds{how_.reconcile_seconds};
  x.now = [] { return unix_ms() / 1000; };
  reconciler_ = system_.spawn(reconciler, std::move(x));
  goes_with(reconciler_, "the reconciler", lost_);
}

result<void> company::spawn_member() {
  auto all = all_cells(*from_.plans, how_.shards);
  auto store =
      std::make_shared<lasting_store>([how = how_, plans = from_.plans] { return open_store(how, *plans); });
  member_settings x;
  x.name = how_.node_name;
  x.life = from_.life;
  x.plans = from_.plans.get();
  x.work = work_.source;
  x.claim = [=, life = from_.life, stored = from_.stored](const std::vector<cell_id>& cells) {
    return store->use([&](redis::store& in) {
      auto claimed = claim_cells(in, cells, life);
      if (claimed && cells.size() == all.size())
        (void)forget_former(in, *stored, *claimed); // else the next start does it
      return claimed;
    });
  };
  x.positions = [=] { return store->use([&](redis::store& in) { return in.positions(all); }); };
  aggregator_settings of;
  of.cell = cells_of(*from_.stored, how_.project);
  of.writer = writer_;
  of.now = [clock = clock_] { return clock->now(); };
  of.lost = lost_;
  x.spawn = [system = &system_, of](cell_id cell) {
    auto out = system->spawn(aggregator, of, cell);
    goes_with(out, "the cell of shard " + std::to_string(cell.shard.value), of.lost);
    return out;
  };
  x.lost = lost_;
  x.writer = writer_;
  x.dispatcher = dispatcher_ = system_.spawn(dispatcher);
  x.router = router_;
  x.fill = fill_;
  x.batches = batches_;
  x.alerts = alerts_;
  x.reconciler = reconciler_;
  if (how_.is_one_of_many()) {
    x.book = book_of_nodes(how_);
    x.address = how_.node_address;
    x.takes_shards = how_.node_role != "routes";
    x.network = network_ = spawn_network(system_, tls_);
  }
  *member_ = system_.spawn<caf::detached>(member, x);
  return how_.is_one_of_many() ? listen() : result<void>{};
}

result<void> company::listen() {
  auto [host, port] = split_address(how_.node_address);
  auto at = caf::actor_cast<peer_actor>(*member_);
  auto opened =
      open_door(network_, caf::actor_cast<caf::strong_actor_ptr>(at), system_.message_types(at), host, port);
  if (opened)
    return {};
  return error{errc::bad_setting,
               "MILLRACE_NODE_ADDRESS: can't listen on " + how_.node_address + ": " + opened.why().message};
}

void company::spawn_place_reader() {
  place_reader_settings x;
  auto store =
      std::make_shared<lasting_store>([how = how_, plans = from_.plans] { return open_store(how, *plans); });
  auto to = how_.redis;
  to.timeout = std::chrono::milliseconds{500};
  x.add_values = [to, plans = from_.plans, connection = std::make_shared<std::optional<redis::client>>()](
                     row_report& row) -> result<void> {
    if (!*connection) {
      auto opened = redis::client::connect(to);
      if (!opened)
        return opened.why();
      connection->emplace(std::move(*opened));
    }
    return add_values(**connection, *plans, row);
  };
  x.alerts = [store, plans = from_.plans, shards = how_.shards] {
    return store->use([&](redis::store& in) { return read_alerts(in, *plans, shards); });
  };
  reader_ = system_.spawn<caf::detached>(place_reader, x);
}

void company::spawn_inspector() {
  inspector_settings x;
  x.frame.project = how_.project;
  x.frame.stale_after = std::chrono::seconds{how_.stale_after_seconds};
  x.now = [] { return unix_ms() / 1000; };
  x.frame.shards = how_.shards;
  for (auto& figure : from_.plans->figures) {
    x.frame.figures.push_back(figure.name);
    x.frame.route_of.push_back(figure.child.value);
  }
  x.frame.tables_of = tables_of_figures(*from_.plans);
  x.plans = from_.plans.get();
  x.reader = reader_;
  x.router = router_;
  x.writer = writer_;
  x.fill = fill_;
  x.member = *member_;
  x.batches = batches_;
  x.alerts = alerts_;
  x.reconciler = reconciler_;
  inspector_ = system_.spawn(inspector, x);
  caf::anon_send(*member_, atom::inspector_v, inspector_);
}

void company::watch_all() {
  goes_with(writer_, "the redis_writer", lost_);
  goes_with(router_, "the cdc_router", lost_);
  goes_with(fill_, "the fill coordinator", lost_);
  goes_with(*member_, "the member", lost_);
  goes_with(dispatcher_, "the dispatcher", lost_);
  goes_with(reader_, "the place_reader", lost_);
  goes_with(inspector_, "the inspector", lost_);
}

} // namespace millrace
