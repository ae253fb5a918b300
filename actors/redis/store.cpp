#include "actors/redis/store.hpp"

#include "actors/redis/library.hpp"
#include "actors/redis/pack.hpp"
#include "messages/token.hpp"

#include <algorithm>
#include <cstdlib>

namespace millrace::redis {

namespace {

bool begins_with(const std::string& text, std::string_view prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

/// An answer that ends the call: what Redis's words mean to us.
error refusal(const std::string& words) {
  for (auto passing : {"OOM", "LOADING", "BUSY", "MISCONF", "READONLY", "NOREPLICAS", "MASTERDOWN",
                       "UNKILLABLE", "TRYAGAIN", "CLUSTERDOWN", "ERR max number of clients"})
    if (begins_with(words, passing))
      return {errc::unavailable, "Redis can't write now: " + words};
  for (auto denied : {"NOPERM", "NOAUTH", "WRONGPASS"})
    if (begins_with(words, denied))
      return {errc::denied, "Redis refuses us: " + words};
  return {errc::corrupt, "Redis refuses what belongs to the ledger: " + words};
}

error damaged(const std::string& what) { return {errc::corrupt, "the ledger in Redis has " + what}; }

bool is_number(const std::string& x) {
  return !x.empty() && x.size() <= 20
         && std::all_of(x.begin(), x.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::uint64_t to_number(const std::string& x) { return std::strtoull(x.c_str(), nullptr, 10); }

/// A list of field, text, field, text... as a map.
std::map<std::string, std::string> fields_of(const reply& x) {
  std::map<std::string, std::string> out;
  for (std::size_t i = 0; i + 1 < x.list.size(); i += 2)
    out[x.list[i].text] = x.list[i + 1].text;
  return out;
}

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

void append_fields(command& to, const project_format& x) {
  to.insert(to.end(), {"format",      x.format,
                       "fingerprint", std::to_string(x.fingerprint),
                       "shards",      std::to_string(x.shards),
                       "plans",       x.plans,
                       "database",    x.database,
                       "phase",       x.phase,
                       "note",        x.note,
                       "epoch",       std::to_string(x.epoch),
                       "former",      x.former,
                       "next",        x.next,
                       "life",        x.life});
}

constexpr auto began_anew = "the ledger began anew";

std::string escaped_pattern(const std::string& x) {
  std::string out;
  for (auto c : x) {
    if (std::string_view("*?[]\\^-").find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out;
}

} // namespace

struct store::impl {
  client connection;
  std::string library;
  std::string prefix;
  std::string library_source;
  packed_plans plans;

  result<reply> call(const command& what);
  result<void> load();
  result<reply> function(const char* name, command argv);
  result<void> read_log(cell_ledger& into, std::size_t length);
  result<cell_ledger> read_claim(cell_id cell, const owner_token& owner, const reply& x);
  result<std::map<std::string, std::string>> hash(const std::string& name);
  template <class Take>
  result<void> each_page(const std::string& pattern, Take take);
  result<void> forget(const std::string& life, command keys);
};

/// Sends a command; what Redis refuses is an error.
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

/// Calls a function of ours. A Redis that came back without the library is
/// given it again: its ledger is gone too, and says so (fenced).
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

/// Nobody but us may append now. A log shorter than the claim said was
/// switched by somebody who claimed after us.
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
      return error{errc::fenced,
                   "cell " + cell_name(into.cell) + ": claimed by another owner while its log was read"};
  }
  return {};
}

result<cell_ledger> store::impl::read_claim(cell_id cell, const owner_token& owner, const reply& x) {
  if (x.list.size() != 4 || !is_number(x.list[0].text) || !is_number(x.list[1].text))
    return damaged("a damaged cell " + cell_name(cell));
  auto positions = positions_of(x.list[3]);
  if (!positions)
    return positions.why();
  cell_ledger out{cell, owner, to_number(x.list[0].text), to_number(x.list[1].text), std::move(*positions),
                  {}};
  if (auto read = read_log(out, static_cast<std::size_t>(x.list[2].integer)); !read)
    return read.why();
  return out;
}

result<std::map<std::string, std::string>> store::impl::hash(const std::string& name) {
  auto answer = call({"HGETALL", prefix + name});
  if (!answer)
    return answer.why();
  return fields_of(*answer);
}

store::store(std::unique_ptr<impl> x) : impl_(std::move(x)) {}
store::~store() = default;
store::store(store&&) noexcept = default;
store& store::operator=(store&&) noexcept = default;

result<store> store::open(client connection, std::string project, const plan_set& plans) {
  auto made = std::unique_ptr<impl>(new impl{std::move(connection), library_name(project),
                                             key_prefix(project), library_text(project), pack_plans(plans)});
  if (auto loaded = made->load(); !loaded)
    return loaded.why();
  return store(std::move(made));
}

result<std::vector<cell_ledger>> store::claim(const std::vector<cell_id>& cells,
                                              const std::vector<owner_token>& tokens,
                                              const std::vector<owner_token>& from, const std::string& life) {
  command argv{life};
  for (std::size_t i = 0; i < cells.size(); ++i)
    argv.insert(argv.end(), {cell_name(cells[i]), tokens.at(i), i < from.size() ? from[i] : owner_token()});
  auto answer = impl_->function("claim", argv);
  if (!answer)
    return answer.why();
  auto& parts = answer->list;
  if (parts.size() == 1 && parts[0].text == "OTHER")
    return error{errc::fenced, began_anew};
  if (parts.size() == 2 && parts[0].text == "FENCED")
    return error{errc::fenced, "cell " + cell_name(cells.at(static_cast<std::size_t>(parts[1].integer) - 1))
                                   + " has another owner"};
  if (parts.size() != cells.size() + 1)
    return damaged("an answer to claim that isn't one");
  std::vector<cell_ledger> out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    auto one = impl_->read_claim(cells[i], tokens[i], parts[i + 1]);
    if (!one)
      return one.why();
    out.push_back(std::move(*one));
  }
  return out;
}

result<flush_outcome> store::flush(const std::vector<cell_flush>& cells, tick_seconds tick) {
  auto answer = impl_->function("flush", pack_flush(cells, tick, impl_->plans));
  if (!answer)
    return answer.why();
  auto& parts = answer->list;
  flush_outcome out;
  if (parts.size() == 2) {
    out.verdict = parts[0].text == "FENCED" ? flush_verdict::fenced : flush_verdict::stale;
    out.refused = cells.at(static_cast<std::size_t>(parts[1].integer) - 1).cell;
    return out;
  }
  if (parts.size() != 3)
    return damaged("an answer to flush that isn't one");
  out.commands = static_cast<std::size_t>(parts[1].integer);
  auto& failed = parts[2].list;
  for (std::size_t i = 0; i + 1 < failed.size(); i += 2)
    out.failed[figure_id{static_cast<std::uint16_t>(failed[i].integer)}] = failed[i + 1].text;
  return out;
}

result<flush_outcome> store::look(const std::map<cell_id, ledger_mark>& left) {
  std::vector<command> asked;
  for (auto& [cell, _] : left)
    asked.push_back({"HMGET", impl_->prefix + "cell:" + cell_name(cell), "owner", "number"});
  auto answers = impl_->connection.pipeline(asked);
  if (!answers)
    return answers.why();
  flush_outcome out;
  auto answer = answers->begin();
  for (auto& [cell, mark] : left) {
    auto& have = *answer++;
    if (have.failed())
      return refusal(have.text);
    if (have.list.size() != 2)
      return damaged("an answer that isn't one");
    if (have.list[0].text == mark.owner && have.list[1].text == std::to_string(mark.number))
      continue;
    out.verdict = have.list[0].text == mark.owner ? flush_verdict::stale : flush_verdict::fenced;
    out.refused = cell;
    return out;
  }
  return out;
}

result<std::vector<cell_positions>> store::positions(const std::vector<cell_id>& cells) {
  std::vector<command> asked;
  for (auto& cell : cells)
    asked.push_back({"HGETALL", impl_->prefix + "cell:" + cell_name(cell)});
  auto answers = impl_->connection.pipeline(asked);
  if (!answers)
    return answers.why();
  std::vector<cell_positions> out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if ((*answers)[i].failed())
      return refusal((*answers)[i].text);
    auto positions = positions_of((*answers)[i]);
    if (!positions)
      return positions.why();
    out.push_back({cells[i], std::move(*positions)});
  }
  return out;
}

result<project_format> store::format() {
  auto fields = impl_->hash("format");
  if (!fields)
    return fields.why();
  auto& x = *fields;
  project_format out;
  if (x.empty())
    return out;
  if (x["format"].empty() || !is_number(x["fingerprint"]) || !is_number(x["shards"]))
    return damaged("a damaged format");
  out.format = x["format"];
  out.fingerprint = to_number(x["fingerprint"]);
  out.shards = static_cast<std::uint16_t>(to_number(x["shards"]));
  out.plans = x["plans"];
  out.database = x["database"];
  out.phase = x["phase"];
  out.note = x["note"];
  out.epoch = to_number(x["epoch"]);
  out.former = x["former"];
  out.next = x["next"];
  out.life = x["life"];
  return out;
}

result<void> store::set_format(const project_format& x) {
  if (x.format.empty()) {
    auto gone = impl_->call({"UNLINK", impl_->prefix + "format"});
    return gone ? result<void>() : gone.why();
  }
  command set{"HSET", impl_->prefix + "format"};
  append_fields(set, x);
  auto done = impl_->call(set);
  return done ? result<void>() : done.why();
}

result<void> store::begin(const project_format& x, const std::string& before) {
  command argv{before};
  append_fields(argv, x);
  auto done = impl_->function("birth", argv);
  if (!done)
    return done.why();
  return done->text == "OK" ? result<void>() : error{errc::fenced, began_anew};
}

result<void> store::set_note(const std::string& phase, const std::string& note) {
  auto there = impl_->call({"HEXISTS", impl_->prefix + "format", "format"});
  if (!there)
    return there.why();
  if (there->integer == 0)
    return error{errc::corrupt, "Redis has lost the ledger"};
  auto done = impl_->call({"HSET", impl_->prefix + "format", "phase", phase, "note", note});
  return done ? result<void>() : done.why();
}

result<std::optional<std::string>> store::unfinished() {
  auto have = impl_->call({"HMGET", impl_->prefix + "format", "phase", "note"});
  if (!have)
    return have.why();
  if (have->list.size() != 2)
    return damaged("an answer that isn't one");
  return have->list[0].text == "filling" ? std::optional(have->list[1].text) : std::nullopt;
}

result<std::string> store::life() {
  auto given = impl_->call({"HSETNX", impl_->prefix + "format", "life", fresh_token()});
  if (!given)
    return given.why();
  auto have = impl_->call({"HGET", impl_->prefix + "format", "life"});
  return have ? result<std::string>(have->text) : have.why();
}

result<void> store::set_former(const std::string& former) {
  auto done = impl_->call({"HSET", impl_->prefix + "format", "former", former});
  return done ? result<void>() : done.why();
}

result<proposal> store::propose(const project_format& found, const std::string& next) {
  auto answer =
      impl_->function("propose", {std::to_string(found.fingerprint), std::to_string(found.epoch), next});
  if (!answer)
    return answer.why();
  for (auto& [word, meaning] :
       {std::pair{"OK", proposal::taken}, std::pair{"NONE", proposal::none},
        std::pair{"OTHER", proposal::other}, std::pair{"UNDER_WAY", proposal::under_way},
        std::pair{"FILLING", proposal::filling}})
    if (answer->text == word)
      return meaning;
  return damaged("an answer to propose that isn't one");
}

result<std::optional<std::string>> store::replaced(const std::string& life) {
  auto have = impl_->call({"HMGET", impl_->prefix + "format", "next", "life"});
  if (!have)
    return have.why();
  if (have->list.size() != 2)
    return damaged("an answer that isn't one");
  if (!have->list[0].text.empty())
    return std::optional<std::string>("other figures were applied");
  auto& now = have->list[1].text; // none: Redis lost it, which the writer finds out
  if (!now.empty() && now != life)
    return std::optional<std::string>(began_anew);
  return std::optional<std::string>{};
}

result<void> store::adopt(const std::vector<adopted_cell>& cells, const std::vector<std::string>& figures,
                          const project_format& now) {
  command argv{std::to_string(cells.size())};
  for (auto& x : cells) {
    argv.insert(argv.end(), {cell_name(x.cell), x.owner, std::to_string(x.loses.size())});
    for (auto& source : x.loses)
      argv.push_back(position_field(source));
    argv.push_back(std::to_string(2 * x.gains.size()));
    for (auto& p : x.gains)
      argv.insert(argv.end(), {position_field(p.source), position_text(p)});
  }
  argv.push_back(std::to_string(figures.size()));
  argv.insert(argv.end(), figures.begin(), figures.end());
  append_fields(argv, now);
  auto answer = impl_->function("adopt", argv);
  if (!answer)
    return answer.why();
  if (!answer->list.empty() && answer->list[0].text == "OK")
    return {};
  return error{errc::fenced, "another node took the ledger while its figures were changed"};
}

result<std::int64_t> store::groups_of(const std::string& rolled_up) {
  auto length = impl_->call({"HLEN", impl_->prefix + "rollup:" + rolled_up});
  return length ? result<std::int64_t>(length->integer) : length.why();
}

result<std::map<std::string, std::string>> store::failed_figures() { return impl_->hash("failed"); }

result<void> store::retire(const figure_plan& rolled_up, const cell_ledger* by) {
  command argv{pack_spec(rolled_up)};
  if (by)
    argv.insert(argv.end(), {cell_name(by->cell), by->owner});
  for (;;) {
    auto left = impl_->function("retire", argv);
    if (!left)
      return left.why();
    if (left->integer < 0)
      return error{errc::fenced, "another node took the ledger while its figures were retired"};
    if (left->integer == 0)
      return {};
  }
}

/// Calls take(keys) with all keys of the pattern, a slice at a time.
template <class Take>
result<void> store::impl::each_page(const std::string& pattern, Take take) {
  std::string cursor = "0";
  do {
    auto page = call({"SCAN", cursor, "MATCH", pattern, "COUNT", "5000"});
    if (!page)
      return page.why();
    cursor = page->list.at(0).text;
    command keys;
    for (auto& key : page->list.at(1).list)
      keys.push_back(std::move(key.text));
    if (!keys.empty())
      if (auto done = take(std::move(keys)); !done)
        return done;
  } while (cursor != "0");
  return {};
}

/// Deletes keys of a ledger of this life.
result<void> store::impl::forget(const std::string& life, command keys) {
  keys.insert(keys.begin(), life);
  auto done = function("forget", std::move(keys));
  if (!done)
    return done.why();
  return done->text == "OK" ? result<void>() : error{errc::fenced, began_anew};
}

result<void> store::remove_counters(const plan_set& plans) {
  command unlink{"UNLINK"};
  for (auto& key : counter_keys(plans))
    unlink.push_back(key);
  auto done = impl_->call(unlink);
  return done ? result<void>() : done.why();
}

result<void> store::remove_all() {
  auto gone = impl_->each_page(escaped_pattern(impl_->prefix) + "*", [&](command keys) -> result<void> {
    keys.insert(keys.begin(), "UNLINK");
    auto done = impl_->call(keys);
    return done ? result<void>() : done.why();
  });
  if (!gone)
    return gone;
  auto done = impl_->call({"FUNCTION", "DELETE", impl_->library});
  return done ? result<void>() : done.why();
}

result<void> store::wipe(const std::vector<cell_id>& cells, const std::string& life) {
  command ledgers; // first: whoever still writes is fenced from here on
  for (auto& cell : cells)
    ledgers.push_back(impl_->prefix + "cell:" + cell_name(cell));
  if (auto done = impl_->forget(life, std::move(ledgers)); !done)
    return done;
  return impl_->each_page(escaped_pattern(impl_->prefix) + "*", [&](command keys) {
    std::erase(keys, impl_->prefix + "format");
    return impl_->forget(life, std::move(keys));
  });
}

} // namespace millrace::redis
