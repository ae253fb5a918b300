#include "actors/fill/fill_actor.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

/// Writing the places of a large table takes minutes.
constexpr std::chrono::minutes cell_timeout{10};

/// Returns whether a fill of these tables (empty: all) reads this one.
bool covers(const std::vector<std::string>& tables, const std::string& x) {
  return tables.empty() || std::find(tables.begin(), tables.end(), x) != tables.end();
}

} // namespace

fill_actor::behavior_type fill_state::make_behavior(fill_settings settings) {
  how = std::move(settings);
  note = how.note;
  live = how.live;
  how.servers.announce = [this](lsn from, const std::vector<std::string>& tables) {
    tell_cells_of_read(from, tables);
  };
  how.servers.sweep = [this](lsn from, const std::vector<std::string>& tables) {
    ask_cells_to_sweep(from, tables);
  };
  how.servers.publish = [this](const std::vector<std::string>& held) { ask_cells_to_publish(held); };
  self->send(self, atom::tick_v);
  return {
      [this](atom::homes, const cell_homes& x, bool first) { take_homes(x, first); },
      [this](atom::tick) {
        tick();
        self->delayed_send(self, how.interval, atom::tick_v);
      },
      [this](atom::status) { return status(); },
  };
}

/// Takes the cells' locations. Asks again if cells have moved during a round.
void fill_state::take_homes(const cell_homes& x, bool first) {
  cells = x;
  leads = first;
  if (!leads)
    under_way.reset();
  if (under_way && awaited > 0) {
    ++round;
    awaited = 0;
    under_way->on_lost();
  }
}

void fill_state::start_fill(bool while_live) {
  if (!while_live)
    spdlog::info("fill: {} fill: {}", note.figures.empty() ? "the figures" : "new figures", note.reason);
  under_way.emplace(how.servers, note, while_live);
}

void fill_state::tick() {
  look_around();
  if (leads)
    lead();
}

void fill_state::lead() {
  if (!live && !under_way)
    start_fill(false);
  if (!under_way || under_way->stuck())
    look_for_snapshot();
  if (!under_way)
    return;
  auto stage = under_way->at();
  auto moved = under_way->step();
  if (!moved && moved.why().message != trouble)
    spdlog::warn("fill: {}; trying again", moved.why().message);
  trouble = moved ? under_way->trouble() : moved.why().message;
  if (under_way->at() != stage && !under_way->done())
    spdlog::info("fill: the fill {}", under_way->words());
  unreadable = under_way->unreadable();
  note = under_way->note();
  if (!under_way->done())
    return;
  under_way.reset();
  live = note.figures.empty();
  if (!live)
    return spdlog::warn("fill: completed the fill, except for {} figures: {}", note.figures.size(), trouble);
  spdlog::info("fill: completed the fill");
  trouble.clear();
}

void fill_state::look_around() {
  auto now = self->clock().now();
  if (now - looked < how.look_interval)
    return;
  looked = now;
  surroundings = how.look(leads);
  if (!leads)
    look_on();
  else if (some_live())
    look_for_what_was_lost();
  if (leads && some_live())
    look_for_slot();
  if (leads && (under_way ? under_way->stuck() : live))
    look_for_doubts();
}

/// Notes a doubt for all tables if the slot doesn't exist: changes are lost then.
void fill_state::look_for_slot() {
  if (auto& slot = surroundings.slot; !slot.known || slot.exists)
    slot_missed = false;
  else if (!slot_missed && how.servers.doubt)
    slot_missed =
        static_cast<bool>(how.servers.doubt("the replication slot isn't there, so changes are missed; "
                                            "all tables are read again once Debezium has made another",
                                            {}));
}

/// A follower reads the fill's state from the ledger.
void fill_state::look_on() {
  if (!how.servers.saved)
    return;
  auto saved = how.servers.saved();
  if (!saved || !*saved)
    return;
  live = (*saved)->live;
  note = (*saved)->note;
}

/// If Redis lost its last writes, the ledger can be at a time before the end of the fill, and would
/// stay so. If it is at a time before a sweep, cells that have moved since can have removed rows
/// again.
void fill_state::look_for_what_was_lost() {
  if (!how.servers.saved)
    return;
  auto saved = how.servers.saved();
  if (!saved || !*saved)
    return;
  auto& [over, have] = **saved;
  if (over == live && have.swept >= note.swept && have.figures == note.figures)
    return;
  note = have;
  live = over;
  under_way.reset();
  if (!live)
    start_fill(false);
}

/// Reads tables again without a request if nothing but their rows is in doubt. If a fill only retries
/// tables that can't be read, it begins again with these tables too.
void fill_state::look_for_doubts() {
  if (!how.servers.to_read_again)
    return;
  auto tables = how.servers.to_read_again();
  if (!tables)
    return;
  if (under_way) // it reads these already
    std::erase_if(*tables, [&](auto& x) { return covers(note.tables, x.first); });
  if (tables->empty())
    return;
  if (!under_way) {
    note.reason.clear();
    note.tables.clear(); // of a read that ended when this node stopped leading
  }
  for (auto& [table, why] : *tables) {
    spdlog::info("fill: reading {} again: {}", table, why);
    note.tables.push_back(table);
    if (note.reason.find(why) == note.reason.npos)
      note.reason += (note.reason.empty() ? "" : "; ") + why;
  }
  if (live && note.tables.size() == how.tables)
    note.tables.clear(); // empty: all tables
  start_fill(live);
}

/// A new anchor means a new slot. Reads all tables again, to find the changes made while there was
/// no slot.
void fill_state::look_for_snapshot() {
  if (!some_live())
    return;
  auto shown = how.servers.beginning();
  if (!shown || *shown <= note.swept || *shown <= note.birth)
    return;
  auto why = "Debezium has a new replication slot: changes may have been missed";
  // A table that can't be read stays in doubt.
  if (how.servers.doubt && !how.servers.doubt(why, {}))
    return;
  note.reason = why;
  note.tables.clear(); // empty: all tables
  if (!live)
    note.tables = how.servers.tables;
  spdlog::warn("fill: {}; reading all tables again", note.reason);
  start_fill(live);
}

template <class... Ts>
void fill_state::ask_all(void (fill::*answer)(), const Ts&... message) {
  auto mine = ++round;
  awaited = cells.size();
  if (cells.size() < how.cells) { // some cells have no node now
    awaited = 0;
    return under_way->on_lost();
  }
  if (awaited == 0) // without figures there are no cells
    return ((*under_way).*answer)();
  for (auto& home : cells)
    self->request(home.at, cell_timeout, message...)
        .then(
            [this, mine, answer](cell_id) {
              if (mine == round && under_way && --awaited == 0)
                ((*under_way).*answer)();
            },
            [this, mine](caf::error& why) {
              if (mine != round || !under_way)
                return;
              ++round;
              awaited = 0;
              if (why == caf::sec::invalid_argument)
                under_way->on_unknown();
              else
                under_way->on_lost();
            });
}

void fill_state::ask_cells_to_publish(const std::vector<std::string>& held) {
  ask_all(&fill::on_published, atom::publish_v, held);
}

void fill_state::tell_cells_of_read(lsn from, const std::vector<std::string>& tables) {
  ask_all(&fill::on_announced, atom::read_v, from, tables);
}

void fill_state::ask_cells_to_sweep(lsn from, const std::vector<std::string>& tables) {
  ask_all(&fill::on_swept, atom::sweep_v, from, tables);
}

fill_report fill_state::status() const {
  fill_report out{live, note.reason, trouble};
  if (!live)
    out.filling = note.figures;
  if (under_way)
    out.unreadable = unreadable;
  out.leads = leads;
  out.unserved_cells = how.cells - std::min(how.cells, cells.size());
  out.stage = under_way ? under_way->words() : "";
  out.surroundings = surroundings;
  return out;
}

fill_actor::behavior_type fill_coordinator(fill_actor::stateful_pointer<fill_state> self, fill_settings how) {
  return self->state.make_behavior(std::move(how));
}

} // namespace millrace
