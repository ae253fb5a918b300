/// Batch figures: the steps of their scheduler, and the results that a run stages.
#include "actors/figures/plan/batch_plan.hpp"
#include "actors/figures/plan/name_match.hpp"
#include "actors/redis/store_impl.hpp"

namespace millrace::redis {

namespace {

/// Bounds the arguments of one call.
constexpr std::size_t bytes_a_call = 1 << 20;

const char* name_of(batch_form x) {
  switch (x) {
  case batch_form::value:
    return "value";
  case batch_form::hash:
    return "hash";
  case batch_form::field:
    return "field";
  case batch_form::zset:
    break;
  }
  return "zset";
}

/// Appends a row to the arguments of batch_stage. Returns its bytes.
std::size_t append(command& to, const batch_row& row) {
  to.insert(to.end(), {row.where.key, row.where.member, std::to_string(2 * row.fields.size())});
  auto bytes = row.where.key.size() + row.where.member.size();
  for (auto& [field, text] : row.fields) {
    to.insert(to.end(), {field, text});
    bytes += field.size() + text.size();
  }
  return bytes;
}

const std::string& verdict_of(const reply& x) { return x.list.empty() ? x.text : x.list[0].text; }

} // namespace

result<batch_ledger> store::batches() {
  auto have = impl_->hash("batches");
  if (!have)
    return have.why();
  batch_ledger out;
  out.token = (*have)["token"];
  out.number = to_number((*have)["run"]);
  if (auto& running = (*have)["running"]; !running.empty())
    out.running = batch_running_from_json(running);
  for (auto& [field, text] : *have)
    if (field.starts_with("r:"))
      out.requested.insert(field.substr(2));
    else if (field.starts_with("f:"))
      if (auto record = batch_record_from_json(text))
        out.records[field.substr(2)] = std::move(*record);
  return out;
}

result<void> store::claim_batches(const std::string& token, const std::string& life) {
  auto done = impl_->function("batch_claim", {life, token});
  if (!done)
    return done.why();
  return done->text == "OK" ? result<void>() : error{errc::fenced, began_anew};
}

result<std::optional<batch_refusal>> store::step_batches(const batch_step& x) {
  auto done = impl_->function(
      "batch_step", {x.token, std::to_string(x.number), impl_->plans.key_prefix + "batch_jobs:", to_json(x)});
  if (!done)
    return done.why();
  if (verdict_of(*done) == "FENCED")
    return fenced_batch();
  if (verdict_of(*done) == "OK")
    return std::optional<batch_refusal>();
  return std::optional(batch_refusal{done->list.at(1).text, "Redis rejects it: " + done->list.at(2).text});
}

result<std::optional<batch_place>> store::stage_batch(const staged_rows& x) {
  const command head{x.token, std::to_string(x.number), x.figure, name_of(x.form)};
  auto next = x.rows.begin();
  while (next != x.rows.end()) {
    auto argv = head;
    for (std::size_t bytes = 0; next != x.rows.end() && bytes < bytes_a_call; ++next)
      bytes += append(argv, *next);
    auto done = impl_->function("batch_stage", std::move(argv));
    if (!done)
      return done.why();
    if (verdict_of(*done) == "FENCED")
      return fenced_batch();
    if (verdict_of(*done) == "TWICE")
      return std::optional(batch_place{done->list.at(1).text, done->list.at(2).text});
  }
  return std::optional<batch_place>();
}

result<void> store::request_batches(const std::vector<std::string>& names) {
  command hset{"HSET", impl_->prefix + "batches"};
  for (auto& name : names)
    hset.insert(hset.end(), {"r:" + name, "1"});
  if (names.empty())
    return {};
  auto done = impl_->call(hset);
  return done ? result<void>() : done.why();
}

/// Redis can have lost the list of a figure's keys. A key that is a literal is known without it.
result<void> store::retire_batches(const std::vector<const batch_plan*>& which, const std::string& life) {
  command argv{life};
  command literal;
  for (auto* x : which) {
    argv.push_back(x->name);
    if (is_literal(x->place.key))
      literal.push_back(literal_prefix(x->place.key));
  }
  auto done = impl_->function("batch_retire", std::move(argv));
  if (!done)
    return done.why();
  if (done->text != "OK")
    return error{errc::fenced, began_anew};
  return literal.empty() ? result<void>() : impl_->forget(life, std::move(literal));
}

} // namespace millrace::redis
