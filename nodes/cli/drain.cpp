#include "nodes/cli/drain.hpp"

#include "actors/ledger/retire.hpp"
#include "actors/sources/kafka/consumer.hpp"
#include "actors/verify/durable.hpp"
#include "nodes/cli/waiting.hpp"
#include "nodes/settings/project_parts.hpp"

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

result<std::vector<verify::source_end>> ends_of(const settings& how, const plan_set& plans) {
  auto sources = find_sources(how, plans);
  if (!sources)
    return sources.why();
  auto reads = kafka::consumer::connect(how.kafka);
  if (!reads)
    return reads.why();
  std::vector<verify::source_end> out;
  for (auto& [source, topic] : *sources) {
    auto bounds = reads->bounds(topic, kafka_timeout);
    if (!bounds)
      return bounds.why();
    out.push_back({source, bounds->high});
  }
  return out;
}

} // namespace

result<void> drain::wait(std::chrono::seconds limit) {
  auto until = std::chrono::steady_clock::now() + limit;
  if (auto through = through_debezium(until); !through)
    return through;
  return through_millrace(until);
}

result<void> drain::through_debezium(deadline until) {
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
  auto ends = ends_of(how_, plans_);
  if (!ends)
    return ends.why();
  auto cells = all_cells(plans_, how_.shards);
  waiting wait(patience, until);
  for (;;) {
    auto positions = store_.positions(cells);
    if (!positions)
      return positions.why();
    auto behind = verify::farthest_behind(plans_, how_.shards, *ends, *positions);
    if (!behind)
      return {};
    if (std::chrono::steady_clock::now() > until)
      return error{errc::unavailable,
                   "Millrace hasn't reached Kafka's end: " + verify::to_text(*behind, plans_) + " (waited "
                       + wait.so_long() + "; " + advice + ")"};
    wait.on("waits until Millrace has reached Kafka's end", advice);
    std::this_thread::sleep_for(drain_interval);
  }
}

} // namespace millrace
