/// The ledger's format: its creation, its figures and their change.
#include "actors/redis/store_impl.hpp"
#include "messages/token.hpp"

#include <algorithm>

namespace millrace::redis {

namespace {

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

} // namespace

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

result<void> store::set_note(const std::string& phase, const std::string& note, const std::string& life) {
  return impl_->of_this_life("set_note", {life, phase, note});
}

result<std::pair<std::string, std::string>> store::note() {
  auto have = impl_->call({"HMGET", impl_->prefix + "format", "phase", "note"});
  if (!have)
    return have.why();
  if (have->list.size() != 2)
    return damaged("an answer that isn't one");
  return std::pair(have->list[0].text, have->list[1].text);
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
        std::pair{"OTHER", proposal::other}, std::pair{"UNDER_WAY", proposal::under_way}})
    if (answer->text == word)
      return meaning;
  return damaged("an answer to propose that isn't one");
}

result<proposal> store::refill(const std::vector<std::string>& figures) {
  auto found = format();
  if (!found)
    return found.why();
  if (found->format.empty())
    return proposal::none;
  auto plans = plans_from_json(found->plans);
  for (auto& name : figures)
    if (!fill_again(plans, name))
      return error{errc::bad_setting, "no figure " + name + " runs: `millrace status` names those that do"};
  return propose(*found, to_json(plans));
}

result<proposal> store::mend(std::vector<std::string> figures) {
  auto fill = note();
  if (!fill)
    return fill.why();
  if (fill->first != "live") // a fill writes every place anyway
    return proposal::under_way;
  auto first = impl_->call({"SET", impl_->prefix + "mended", "1", "NX", "EX", mend_interval});
  if (!first)
    return first.why();
  if (first->text != "OK")
    return proposal::under_way;
  auto& known = impl_->plans.figures;
  std::erase_if(figures, [&](auto& name) {
    return std::none_of(known.begin(), known.end(), [&](auto& x) { return x.name == name; });
  });
  return figures.empty() ? result<proposal>(proposal::other) : refill(figures);
}

result<std::optional<std::string>> store::replaced(const std::string& life) {
  auto have = impl_->call({"HMGET", impl_->prefix + "format", "next", "life"});
  if (!have)
    return have.why();
  if (have->list.size() != 2)
    return damaged("an answer that isn't one");
  if (!have->list[0].text.empty())
    return std::optional<std::string>("figures were applied, or are to be filled again");
  auto& now = have->list[1].text;
  if (now != life)
    return std::optional<std::string>(now.empty() ? "Redis has lost the ledger" : began_anew);
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

} // namespace millrace::redis
