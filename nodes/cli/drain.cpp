#include "nodes/cli/drain.hpp"

#include "actors/ledger/durable.hpp"
#include "actors/ledger/retire.hpp"
#include "nodes/cli/waiting.hpp"
#include "nodes/settings/source_parts.hpp"

#include <thread>

namespace millrace {

namespace {

constexpr std::chrono::milliseconds drain_interval{50};
/// A drain takes 1 s or 2 s. A longer one is reported.
constexpr std::chrono::seconds patience{5};
constexpr auto advice = "`millrace status` has the reason in its first line";

std::string not_there(const std::string& slot) {
  return "the replication slot " + slot + " isn't there; `millrace connector register` has Debezium make it";
}

std::string not_at_the_end(const std::string& slot, lsn at, lsn end) {
  return "Debezium hasn't read PostgreSQL's WAL to its end: its slot " + slot + " is at "
         + postgres::to_text(at) + ", the end was at " + postgres::to_text(end);
}

result<std::shared_ptr<change_source>> source_of(const settings& how, const plan_set& plans) {
  auto sources = find_sources(how, plans);
  if (!sources)
    return sources.why();
  return open_source(how, plans, std::move(*sources));
}

} // namespace

result<void> drain::wait(std::chrono::seconds limit) {
  auto until = std::chrono::steady_clock::now() + limit;
  if (auto through = through_slot(until); !through)
    return through;
  return through_millrace(until);
}

result<void> drain::through_slot(deadline until) {
  auto marker = db_.emit_marker("verify");
  if (!marker)
    return marker.why();
  waiting wait(patience, until);
  for (;;) {
    auto slot = db_.slot(how_.slot());
    if (!slot)
      return slot.why();
    if (slot->exists && slot->confirmed_flush >= *marker)
      return {};
    if (std::chrono::steady_clock::now() > until)
      return error{errc::unavailable,
                   (slot->exists ? not_at_the_end(how_.slot(), slot->confirmed_flush, *marker)
                                 : not_there(how_.slot()))
                       + " (waited " + wait.so_long() + "; " + advice + ")"};
    wait.on("waits until Debezium has read PostgreSQL's WAL to its end (slot " + how_.slot() + ")", advice);
    std::this_thread::sleep_for(drain_interval);
  }
}

result<void> drain::through_millrace(deadline until) {
  auto source = source_of(how_, plans_);
  if (!source)
    return source.why();
  auto ends = (*source)->ends();
  if (!ends)
    return ends.why();
  auto cells = all_cells(plans_, how_.shards);
  waiting wait(patience, until);
  for (;;) {
    auto positions = store_.positions(cells);
    if (!positions)
      return positions.why();
    auto late = behind(plans_, how_.shards, feeds_of(how_), *ends, *positions);
    if (!late)
      return {};
    if (std::chrono::steady_clock::now() > until)
      return error{errc::unavailable, "Millrace hasn't reached Kafka's end: " + name_of(late->cell, plans_)
                                          + ": " + (*source)->distance(late->at, late->end) + " behind in "
                                          + (*source)->name_of(late->source) + " (waited " + wait.so_long()
                                          + "; " + advice + ")"};
    wait.on("waits until Millrace has reached Kafka's end", advice);
    std::this_thread::sleep_for(drain_interval);
  }
}

} // namespace millrace
