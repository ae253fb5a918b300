#include "actors/figures/fold/fingerprint.hpp"
#include "actors/redis/store_impl.hpp"

namespace millrace::redis {

namespace {

/// Returns the command that reads the place; for a hash, HMGET with one field per label.
command read_of(const place_check& x, target_kind what, const place_form& form) {
  switch (what) {
  case target_kind::hash: {
    command out{"HMGET", x.key};
    out.insert(out.end(), form.labels().begin(), form.labels().end());
    return out;
  }
  case target_kind::hash_field:
    return {"HGET", x.key, x.member};
  case target_kind::zset:
    return {"ZSCORE", x.key, x.member};
  case target_kind::string:
  case target_kind::json:
  case target_kind::alert: // has no place
    break;
  }
  return {"GET", x.key};
}

std::optional<std::string> text_of(const reply& x, target_kind what) {
  if (x.what == reply::kind::nil)
    return std::nullopt;
  return what == target_kind::zset ? score_text(x.text) : x.text;
}

place_content content_of(const reply& x, target_kind what) {
  if (what != target_kind::hash)
    return {text_of(x, what)};
  place_content out;
  for (auto& field : x.list)
    out.push_back(text_of(field, what));
  return out;
}

} // namespace

result<std::vector<touched_place>> store::compare(const plan_set& plans,
                                                  const std::vector<place_check>& checks) {
  std::vector<command> reads;
  auto kind = [&](const place_check& x) { return plans.figures.at(x.figure.value).place.what; };
  for (auto& x : checks)
    reads.push_back(read_of(x, kind(x), place_form(x.figure, plans.figures.at(x.figure.value))));
  auto answers = impl_->connection.pipeline(reads);
  if (!answers)
    return answers.why();
  std::vector<touched_place> out;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    auto& have = (*answers)[i];
    if (have.failed() && !have.text.starts_with("WRONGTYPE"))
      return refusal(have.text);
    if (have.failed())
      out.push_back({checks[i].figure, checks[i].key, have.text});
    else if (!stands(checks[i], content_of(have, kind(checks[i]))))
      out.push_back({checks[i].figure, checks[i].key, {}});
  }
  return out;
}

result<void> store::note_touched(const plan_set& plans, const touched_place& x) {
  auto noted = impl_->function("touched", {plans.figures.at(x.figure.value).name, x.key, x.refused});
  return noted ? result<void>() : noted.why();
}

} // namespace millrace::redis
