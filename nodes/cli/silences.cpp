#include "nodes/cli/silences.hpp"

#include "actors/alert_sender/silence.hpp"
#include "messages/token.hpp"
#include "messages/visible.hpp"
#include "nodes/cli/terminal.hpp"
#include "nodes/settings/project_parts.hpp"

#include <nlohmann/json.hpp>

#include <iostream>
#include <map>

namespace millrace {

namespace {

using json = nlohmann::json;

constexpr std::size_t id_length = 8;

/// What the ledger has of silences, by Redis's clock.
struct found_silences {
  std::int64_t now = 0;
  std::map<std::string, std::string> all;
};

result<found_silences> look(redis::store& store) {
  auto now = tick_of(store);
  if (!now)
    return now.why();
  auto all = store.silences();
  if (!all)
    return all.why();
  return found_silences{now->value, std::move(*all)};
}

std::string line_of(const silence& x) {
  return x.id + "  " + visible(in_words(x.labels)) + "  until " + time_in_words(x.until) + "  "
         + visible(x.reason);
}

json shown(const silence& x) {
  return {{"id", x.id},
          {"labels", x.labels},
          {"from", time_in_words(x.from)},
          {"until", time_in_words(x.until)},
          {"reason", x.reason}};
}

} // namespace

int list_silences(redis::store& store, bool as_json) {
  auto found = look(store);
  if (!found)
    return reject(found.why().message);
  auto present = silences_in(found->all, found->now);
  if (as_json) {
    auto out = json::array();
    for (auto& x : present)
      out.push_back(shown(x));
    std::cout << out.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
    return 0;
  }
  if (present.empty())
    std::cout << "nothing is silenced\n";
  for (auto& x : present)
    std::cout << line_of(x) << "\n";
  return 0;
}

int add_silence(redis::store& store, const std::vector<std::string>& words, const std::string& duration,
                const std::string& reason) {
  auto labels = labels_of(words);
  if (!labels)
    return reject(labels.why().message);
  if (duration.empty() || reason.empty())
    return reject("a silence needs --for DURATION and --reason TEXT");
  auto length = duration_of(duration);
  if (!length)
    return reject("--for: " + length.why().message);
  auto found = look(store);
  if (!found)
    return reject(found.why().message);
  silence x{fresh_token().substr(0, id_length), *labels, found->now, found->now + length->count(), reason};
  if (auto set = store.set_silence(x.id, to_json(x)); !set)
    return reject(set.why().message);
  for (auto& id : ended_silences(found->all, found->now))
    (void)store.set_silence(id, ""); // else the next one does it
  std::cout << line_of(x) << "\n";
  return 0;
}

int remove_silences(redis::store& store, const std::vector<std::string>& ids) {
  if (ids.empty())
    return reject("expected the IDs of silences: see `millrace alerts silences`");
  auto found = look(store);
  if (!found)
    return reject(found.why().message);
  auto code = 0;
  for (auto& id : ids) {
    if (!found->all.count(id)) {
      code = reject("no silence " + visible(id) + ": see `millrace alerts silences`");
      continue;
    }
    if (auto gone = store.set_silence(id, ""); !gone)
      return reject(gone.why().message);
    std::cout << "ended " << visible(id) << "\n";
  }
  return code;
}

} // namespace millrace
