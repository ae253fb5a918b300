#include "actors/redis/store_impl.hpp"

#include <algorithm>
#include <cstdlib>

namespace millrace::redis {

namespace {

bool begins_with(const std::string& text, std::string_view prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

/// Returns a list of field, text, field, text... as a map.
std::map<std::string, std::string> fields_of(const reply& x) {
  std::map<std::string, std::string> out;
  for (std::size_t i = 0; i + 1 < x.list.size(); i += 2)
    out[x.list[i].text] = x.list[i + 1].text;
  return out;
}

} // namespace

error refusal(const std::string& words) {
  if (begins_with(words, "READONLY"))
    return {errc::unavailable, "Redis is a replica and takes no writes (" + words
                                   + "): set REDIS_HOST and REDIS_PORT to the primary"};
  for (auto passing : {"OOM", "LOADING", "BUSY", "MISCONF", "NOREPLICAS", "MASTERDOWN", "UNKILLABLE",
                       "TRYAGAIN", "CLUSTERDOWN", "ERR max number of clients"})
    if (begins_with(words, passing))
      return {errc::unavailable, "Redis can't write now: " + words};
  for (auto denied : {"NOPERM", "NOAUTH", "WRONGPASS"})
    if (begins_with(words, denied))
      return {errc::denied, "Redis rejects this node: " + words};
  return {errc::corrupt, "Redis rejects a command on the ledger: " + words};
}

error damaged(const std::string& what) { return {errc::corrupt, "the ledger in Redis has " + what}; }

bool is_number(const std::string& x) {
  return !x.empty() && x.size() <= 20
         && std::all_of(x.begin(), x.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::uint64_t to_number(const std::string& x) { return std::strtoull(x.c_str(), nullptr, 10); }

result<std::vector<position>> positions_of(const reply& x) {
  std::vector<position> out;
  for (auto& [field, text] : fields_of(x)) {
    if (!begins_with(field, "p:"))
      continue;
    auto at = read_position(field, text);
    if (!at)
      return damaged("the position " + field + " = " + text);
    out.push_back(*at);
  }
  return out;
}

/// Sends a command. Redis's error reply is an error.
result<reply> store::impl::call(const command& what) {
  auto answer = connection.call(what);
  if (answer && answer->failed())
    return refusal(answer->text);
  return answer;
}

result<void> store::impl::load() {
  auto done = call({"FUNCTION", "LOAD", "REPLACE", library_source});
  return done ? result<void>() : done.why();
}

/// Calls a function of the library. If Redis came back without the library, loads it again: the
/// ledger is then lost too, so the call returns fenced.
result<reply> store::impl::function(const char* name, command argv) {
  argv.insert(argv.begin(), {"FCALL", library + "_" + name, "0"});
  auto answer = connection.call(argv);
  if (answer && answer->failed() && begins_with(answer->text, "ERR Function not found")) {
    if (auto loaded = load(); !loaded)
      return loaded.why();
    answer = connection.call(argv);
  }
  if (answer && answer->failed())
    return refusal(answer->text);
  return answer;
}

/// Reads the state log. Only this node may append now. A state log that is shorter than the claim
/// said was compacted by a node that claimed later.
result<void> store::impl::read_log(cell_ledger& into, std::size_t length) {
  constexpr std::size_t slice = 64;
  auto key = prefix + "log:" + cell_name(into.cell) + ":" + std::to_string(into.generation);
  while (into.blocks.size() < length) {
    auto first = into.blocks.size();
    auto last = std::min(first + slice, length) - 1;
    auto part = call({"LRANGE", key, std::to_string(first), std::to_string(last)});
    if (!part)
      return part.why();
    for (auto& block : part->list)
      into.blocks.push_back(std::move(block.text));
    if (into.blocks.size() != last + 1)
      return error{errc::fenced, "cell " + cell_name(into.cell)
                                     + ": another node claimed it while this node read its state log"};
  }
  return {};
}

result<cell_ledger> store::impl::read_claim(cell_id cell, const owner_token& owner, const reply& x) {
  if (x.list.size() != 4 || !is_number(x.list[0].text) || !is_number(x.list[1].text))
    return damaged("a damaged cell " + cell_name(cell));
  auto positions = positions_of(x.list[3]);
  if (!positions)
    return positions.why();
  auto noted = fields_of(x.list[3]);
  tick_seconds tick;
  if (auto text = noted.find("span"); text != noted.end()) {
    auto span = read_span(text->second);
    if (!span)
      return damaged("a damaged cell " + cell_name(cell));
    tick = span->tick;
  }
  cell_ledger out;
  out.cell = cell;
  out.owner = owner;
  out.number = to_number(x.list[0].text);
  out.generation = to_number(x.list[1].text);
  out.tick = tick;
  out.positions = std::move(*positions);
  out.lost = x.list[2].integer < 0
             || (noted.count("length") > 0 && noted["length"] != std::to_string(x.list[2].integer));
  if (x.list[2].integer < 0)
    return out;
  if (auto read = read_log(out, static_cast<std::size_t>(x.list[2].integer)); !read)
    return read.why();
  return out;
}

/// Reads the alerts' subjects of claimed cells: their owner alone writes them. Of a cell that lost some of
/// them, nothing is known.
result<void> store::impl::read_alerts(std::vector<cell_ledger>& into) {
  std::vector<command> asked;
  for (auto& x : into)
    asked.push_back({"HGETALL", prefix + "alert:" + cell_name(x.cell)});
  for (auto& x : into)
    asked.push_back({"HGET", prefix + "cell:" + cell_name(x.cell), "alerts"});
  auto answers = connection.pipeline(asked);
  if (!answers)
    return answers.why();
  for (std::size_t i = 0; i < into.size(); ++i) {
    auto& noted = (*answers)[into.size() + i];
    if ((*answers)[i].failed() || noted.failed())
      continue; // another type: nothing is known
    auto fields = fields_of((*answers)[i]);
    if (!noted.text.empty() && noted.text != std::to_string(fields.size()))
      continue; // another client took some of it
    for (auto& [field, text] : fields) {
      auto end = field.find('\0');
      auto subject = end == field.npos || text.empty() ? std::nullopt : read_subject(text);
      if (end == field.npos || (!text.empty() && !subject))
        return damaged("a damaged alert of cell " + cell_name(into[i].cell));
      if (subject)
        into[i].alerts[{field.substr(0, end), field.substr(end + 1)}] = std::move(*subject);
      else
        into[i].alerts_known.push_back(field.substr(0, end));
    }
  }
  return {};
}

result<std::map<std::string, std::string>> store::impl::hash(const std::string& name) {
  auto answer = call({"HGETALL", prefix + name});
  if (!answer)
    return answer.why();
  return fields_of(*answer);
}

} // namespace millrace::redis
