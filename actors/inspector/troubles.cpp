#include "actors/inspector/troubles.hpp"

#include "actors/inspector/stillness.hpp"

#include <algorithm>
#include <set>

namespace millrace {

namespace {

using troubles = std::vector<trouble_report>;

/// A shorter silence is no trouble: the actor is only busy.
constexpr std::int64_t longest_silence = 5; // s

/// Returns the verb: "is stale", "are stale"; "has failed", "have failed".
std::string verb_of(figure_state state, std::size_t count) {
  return state == figure_state::failed ? (count == 1 ? "has failed" : "have failed")
                                       : (count == 1 ? "is " : "are ") + to_text(state);
}

std::string name_of(const figure_report& first, std::size_t count, std::size_t all) {
  if (count == 1)
    return "the figure " + first.name;
  return (count == all ? "all " : "") + std::to_string(count) + " figures";
}

/// Returns the figures in that state as one trouble, with the start of the oldest and the reason of
/// the first.
troubles figures_that_are(figure_state state, const std::vector<figure_report>& figures) {
  std::vector<figure_report> some;
  std::set<std::string> reasons;
  for (auto& x : figures)
    if (x.state == state) {
      some.push_back(x);
      reasons.insert(x.why);
    }
  if (some.empty())
    return {};
  auto& oldest =
      *std::min_element(some.begin(), some.end(), [](auto& a, auto& b) { return a.since < b.since; });
  auto more = reasons.size() - 1;
  return {
      {"figures are " + to_text(state),
       name_of(some.front(), some.size(), figures.size()) + " " + verb_of(state, some.size()),
       some.front().why
           + (more == 0 ? ""
                        : " (and " + std::to_string(more) + (more == 1 ? " more reason)" : " more reasons)")),
       oldest.since}};
}

/// Returns a trouble if `why` isn't empty.
troubles told(const std::string& what, const std::string& why, std::int64_t since = 0) {
  return why.empty() ? troubles{} : troubles{{what, what, why, since}};
}

troubles redis_trouble(const writer_report& x) {
  return x.trouble.empty() ? troubles{}
                           : troubles{{"redis", "Redis takes no results", x.trouble, x.trouble_since}};
}

/// Returns the actors that don't answer as one trouble. The report has their last answers.
troubles silent(const node_report& x) {
  std::string names;
  for (auto& one : x.silent)
    if (x.now - one.since >= longest_silence)
      names += (names.empty() ? "" : ", ") + one.who;
  if (!names.empty())
    names += "; what they said last is shown. If it stays, see the node's log";
  return told("parts of the node don't answer", names);
}

/// Returns the batch figures that failed as one trouble, with the reason of the first. Their places
/// show the last result that succeeded.
troubles failed_batches(const std::vector<batch_report>& batches) {
  const batch_report* first = nullptr;
  std::size_t count = 0;
  for (auto& x : batches)
    if (x.state == "failed") {
      first = first && first->since <= x.since ? first : &x;
      ++count;
    }
  if (!first)
    return {};
  auto what = count == 1 ? "the batch figure " + first->name + " has failed"
                         : std::to_string(count) + " batch figures have failed";
  return {{"batch figures have failed", what, first->why, first->since}};
}

std::string events(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " event" : " events");
}

/// Returns what is wrong with the receivers of alerts. Alerts in Redis are right meanwhile.
troubles unsent_alerts(const sender_report& sender) {
  troubles out;
  for (auto& x : sender.receivers) {
    if (!x.trouble.empty())
      out.push_back({"no alerts reach " + x.name, "no alerts reach " + x.name,
                     x.server + ": " + x.trouble + " (" + events(x.waiting) + " waiting)", x.since});
    if (x.lost > 0)
      out.push_back(
          {"alerts are lost for " + x.name, "up to " + events(x.lost) + " of alerts never reached " + x.name,
           "they left alerts:stream before they were sent; see `millrace alerts` for what fires now", 0});
    if (x.refused > 0)
      out.push_back({x.name + " refuses alerts", x.name + " refused " + events(x.refused) + " of alerts",
                     "they were passed over; the last one is " + x.refusal, 0});
  }
  return out;
}

/// Returns what the last comparison with PostgreSQL found.
troubles drift(const reconciliation_report& x) {
  troubles out;
  std::string names;
  for (auto& figure : x.differing)
    names += (names.empty() ? "" : ", ") + figure;
  auto count = x.differing.size();
  if (count > 0)
    out.push_back(
        {"figures differ from PostgreSQL",
         std::to_string(count) + (count == 1 ? " figure differs" : " figures differ") + " from PostgreSQL",
         names + ": `millrace verify` shows where, and `millrace resync TABLE` reads a table again",
         x.since});
  if (x.result == "failed")
    out.push_back(
        {"figures can't be compared", "the figures can't be compared with PostgreSQL", x.why, x.ended});
  return out;
}

troubles unserved(std::uint64_t cells) {
  if (cells == 0)
    return {};
  return {{"cells are served by no node", std::to_string(cells) + " cells are served by no node",
           "if it stays, see `millrace nodes list` and the nodes' logs", 0}};
}

} // namespace

troubles troubles_of(const node_report& x) {
  auto& around = x.fill.surroundings;
  troubles out;
  auto add = [&](const troubles& some) { out.insert(out.end(), some.begin(), some.end()); };
  add(silent(x));
  add(figures_that_are(figure_state::failed, x.figures));
  add(redis_trouble(x.writer));
  add(drift(x.reconciliation));
  add(figures_that_are(figure_state::incomplete, x.figures));
  add(figures_that_are(figure_state::stale, x.figures));
  add(told("the database can't be read", around.encoding));
  add(told("the replication slot can't be read", around.slot.trouble));
  add(told("the connector has trouble", connector_trouble(around.connector)));
  add(told("Kafka doesn't answer", around.kafka_trouble));
  add(told("the fill doesn't go on", x.fill.trouble));
  add(failed_batches(x.scheduler.batches));
  add(told("no batch figure can run", x.scheduler.trouble));
  add(unsent_alerts(x.sender));
  add(figures_that_are(figure_state::filling, x.figures));
  add(unserved(x.fill.unserved_cells));
  return out;
}

std::string to_text(figure_state x) {
  switch (x) {
  case figure_state::live:
    return "live";
  case figure_state::stale:
    return "stale";
  case figure_state::incomplete:
    return "incomplete";
  case figure_state::filling:
    return "filling";
  case figure_state::failed:
    break;
  }
  return "failed";
}

std::string in_words(std::int64_t seconds) {
  if (seconds < 120)
    return std::to_string(seconds) + " s";
  if (seconds < 120 * 60)
    return std::to_string(seconds / 60) + " min";
  if (seconds < 48 * 3600)
    return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " days";
}

std::string in_a_line(const trouble_report& x, std::int64_t now) {
  return x.what + ", for " + in_words(std::max<std::int64_t>(now - x.since, 0))
         + (x.why.empty() ? "" : ": " + x.why);
}

} // namespace millrace
