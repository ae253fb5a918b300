#pragma once

/// A redis_writer on a private Redis, and two fake cells.

#include "actors/redis_writer/redis_writer_actor.hpp"

#include "actors/redis/library.hpp"
#include "messages/token.hpp"
#include "tests/actors/fakes.hpp"
#include "tests/unit/redis_server.hpp"
#include "tests/unit/small_shop.hpp"

#include "caf/test/dsl.hpp"

namespace millrace::test {

inline redis_server& server() {
  static redis_server one(15'760);
  return one;
}

/// A writer on a private Redis, and two fake cells that it collects from.
struct writer_fixture : test_coordinator_fixture<message_config> {
  std::shared_ptr<cell_script> one = script(1), two = script(2);
  std::map<cell_id, aggregator_actor> cells;
  std::vector<std::string> lost;
  int refusals = 0; ///< so many times Redis doesn't answer
  redis::store store = open();
  redis_writer_settings how;
  redis_writer_actor writer;

  static result<redis::store> try_open() {
    auto connection = redis::client::connect(server().settings());
    if (!connection)
      return connection.why();
    return redis::store::open(std::move(*connection), "actors", small_shop());
  }
  static redis::store open() {
    auto out = try_open();
    if (!out)
      throw std::runtime_error(out.why().message);
    return std::move(*out);
  }
  static std::shared_ptr<cell_script> script(std::uint16_t shard) {
    auto out = std::make_shared<cell_script>();
    out->next.cell = {shard_id{shard}, entity_id{0}};
    return out;
  }

  writer_fixture() {
    CAF_REQUIRE(store.wipe({one->next.cell, two->next.cell}, ""));
    for (auto& x : {one, two}) {
      cells[x->next.cell] = sys.spawn(fake_cell, x);
      claim(*x);
    }
    how.open = [this]() -> result<redis::store> {
      if (refusals-- > 0)
        return error{errc::unavailable, "Redis doesn't answer"};
      return try_open();
    };
    how.now = [] { return tick_seconds{1'700'000'000}; };
    how.lost = [this](std::string why) { lost.push_back(std::move(why)); };
    how.plans = &small_shop();
    how.longest_interval = std::chrono::milliseconds{5};
    how.walked_places = 0;
    spawn();
  }
  void spawn() {
    writer = sys.spawn(redis_writer, how);
    own(*one);
    own(*two);
  }
  /// Tells the writer that the cell is its node's.
  void own(cell_script& x) {
    self->send(writer, atom::own_v, cell_home{x.next.cell, cells.at(x.next.cell)}, x.next.owner,
               x.next.number);
    settle();
  }
  ~writer_fixture() override { // writer and cells hold each other
    self->send_exit(writer, caf::exit_reason::kill);
    for (auto& [_, cell] : cells)
      self->send_exit(cell, caf::exit_reason::kill);
    settle();
  }

  void claim(cell_script& x) {
    auto ledger = store.claim({x.next.cell}, {fresh_token()});
    CAF_REQUIRE(ledger);
    x.next.owner = ledger->at(0).owner;
    x.next.number = ledger->at(0).number;
  }
  /// Another node claims the cell, and ours doesn't know.
  void take_away(cell_script& x) {
    auto ours = x.next.owner;
    claim(x);
    x.next.owner = ours;
  }
  void dirty(cell_script& x, bool urgent = true) {
    auto cell = cells.at(x.next.cell);
    inject((atom::dirty, cell_id, bool), from(cell).to(writer).with(atom::dirty_v, x.next.cell, urgent));
  }
  void settle() {
    while (sched.try_run_once()) {
    }
  }
  void pass(caf::timespan time) {
    advance_time(time);
    settle();
  }
  std::uint64_t number(cell_script& x) { return store.claim({x.next.cell}, {fresh_token()})->at(0).number; }
  writer_report status() {
    writer_report out;
    auto request = self->request(writer, caf::infinite, atom::status_v);
    settle();
    request.receive([&](writer_report& x) { out = std::move(x); },
                    [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
    return out;
  }
};

} // namespace millrace::test
