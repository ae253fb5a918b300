/// What the server did since the last check: evictions and restarts.
#include "actors/redis/store_impl.hpp"

namespace millrace::redis {

namespace {

constexpr auto run_field = "run";

/// Returns whether INFO shows a rewrite of the append-only file since the server started.
bool was_rewritten(const std::string& info) {
  constexpr std::string_view field = "aof_rewrites:";
  auto at = info.find(field);
  return at != info.npos && info.compare(at + field.size(), 2, "0\r") != 0;
}

} // namespace

/// Stores the number of evicted keys.
result<void> store::impl::note_evicted(const server_facts& x) {
  if (x.evicted == 0 || !x.primary.empty())
    return {};
  command argv{x.run, std::to_string(x.evicted), mend_interval};
  auto with_lifetime = x.policy.rfind("volatile-", 0) == 0;
  for (auto& figure : plans.figures)
    if (figure.expires || !with_lifetime)
      argv.push_back(figure.name);
  auto noted = function("evicted", argv);
  return noted ? result<void>() : noted.why();
}

/// Notes a restart. A server that starts after a crash truncates its append-only file, but keeps
/// the complete commands of the last transaction (7.0.15: "MULTI calls can not be nested"). The
/// next start would run this half of a flush. A rewrite removes it.
result<void> store::impl::note_start(server_facts& x) {
  if (!x.told || !x.appends || !x.primary.empty() || x.run == seen_run)
    return {};
  auto server = prefix + "server";
  auto known = call({"HGET", server, run_field});
  if (!known)
    return known.why();
  auto another = [&](const std::string& run) { return !run.empty() && run != x.run; };
  if (another(known->text) || another(seen_run)) { // a recreated ledger has lost the note
    auto begun = connection.call({"BGREWRITEAOF"});
    if (!begun)
      return begun.why();
    if (begun->failed()) {
      auto info = call({"INFO", "persistence"});
      if (!info)
        return info.why();
      x.keeps_halves = begun->text.rfind("NOPERM", 0) == 0 && !was_rewritten(info->text);
      if (!was_rewritten(info->text)) // the next check tries again
        return {};
    }
  }
  auto noted = call({"HSET", server, run_field, x.run});
  if (!noted)
    return noted.why();
  seen_run = x.run;
  return {};
}

result<server_facts> store::server() {
  auto facts = look_at_server(impl_->connection);
  if (!facts)
    return facts;
  if (auto noted = impl_->note_evicted(*facts); !noted)
    return noted.why();
  if (auto noted = impl_->note_start(*facts); !noted)
    return noted.why();
  return facts;
}

} // namespace millrace::redis
