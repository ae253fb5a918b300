#include "actors/redis/library.hpp"
#include "actors/redis/store_impl.hpp"

#include <cstdlib>

namespace millrace::redis {

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
  if (auto read = impl_->read_alerts(out); !read)
    return read.why();
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
  if (parts.size() != 4)
    return damaged("an answer to flush that isn't one");
  out.commands = static_cast<std::size_t>(parts[1].integer);
  for (auto& index : parts[3].list)
    out.broken.push_back(cells.at(static_cast<std::size_t>(index.integer) - 1).cell);
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

result<inspection> store::inspect(const std::vector<cell_id>& cells) {
  command argv{pack_specs(impl_->plans)};
  for (auto& cell : cells)
    argv.push_back(cell_name(cell));
  auto answer = impl_->function("inspect", argv);
  if (!answer)
    return answer.why();
  if (answer->list.size() != 2)
    return damaged("an answer to inspect that isn't one");
  inspection out;
  for (auto& index : answer->list[0].list)
    out.broken.push_back(cells.at(static_cast<std::size_t>(index.integer) - 1));
  for (auto& name : answer->list[1].list)
    out.refill.push_back(name.text);
  return out;
}

result<std::string> store::walk(figure_id figure, const std::string& cursor, std::size_t groups) {
  auto& spec = impl_->plans.figures.at(figure.value).spec;
  if (spec.empty())
    return std::string("0");
  auto next = impl_->function("walk", {spec, cursor, std::to_string(groups)});
  return next ? result<std::string>(next->text) : next.why();
}

result<alert_subjects> store::subjects(const std::vector<cell_id>& cells) {
  std::vector<cell_ledger> read(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i)
    read[i].cell = cells[i];
  if (auto done = impl_->read_alerts(read); !done)
    return done.why();
  alert_subjects out;
  for (auto& x : read)
    out.merge(x.alerts);
  return out;
}

result<std::vector<tick_span>> store::spans(const std::vector<cell_id>& cells) {
  std::vector<command> asked;
  for (auto& cell : cells)
    asked.push_back({"HGET", impl_->prefix + "cell:" + cell_name(cell), "span"});
  auto answers = impl_->connection.pipeline(asked);
  if (!answers)
    return answers.why();
  std::vector<tick_span> out;
  for (auto& x : *answers) {
    if (x.failed())
      return refusal(x.text);
    out.push_back(read_span(x.text).value_or(tick_span{}));
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

result<std::optional<std::chrono::microseconds>> store::time() {
  auto answer = impl_->call({"TIME"});
  if (!answer && answer.why().code == errc::denied)
    return std::optional<std::chrono::microseconds>();
  if (!answer)
    return answer.why();
  if (answer->list.size() != 2)
    return damaged("an answer to TIME that isn't one");
  return std::optional(std::chrono::seconds{std::strtoll(answer->list[0].text.c_str(), nullptr, 10)}
                       + std::chrono::microseconds{std::strtoll(answer->list[1].text.c_str(), nullptr, 10)});
}

} // namespace millrace::redis
