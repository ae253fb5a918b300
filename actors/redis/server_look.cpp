#include "actors/redis/server_look.hpp"

#include <cstdlib>
#include <map>
#include <sstream>

namespace millrace::redis {

namespace {

/// By Redis's default settings, a snapshot that is due has been taken after this time.
constexpr std::uint64_t longest_default_save = 3600 + 60; // s

using fields = std::map<std::string, std::string>;

/// Returns the lines NAME:VALUE. Section titles have no colon.
fields lines_of(const std::string& info) {
  fields out;
  std::istringstream in(info);
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && line.back() == '\r')
      line.pop_back();
    if (auto at = line.find(':'); at != std::string::npos && line[0] != '#')
      out[line.substr(0, at)] = line.substr(at + 1);
  }
  return out;
}

std::uint64_t number(fields& x, const char* name) { return std::strtoull(x[name].c_str(), nullptr, 10); }

/// Returns whether Redis takes snapshots, by the counters in INFO; nullopt: unknown.
std::optional<bool> saves_seen(fields& x) {
  if (number(x, "rdb_saves") > 0 || number(x, "rdb_bgsave_in_progress") > 0)
    return true;
  auto now = number(x, "server_time_usec") / 1'000'000, last = number(x, "rdb_last_save_time");
  if (number(x, "rdb_changes_since_last_save") > 0 && now > last + longest_default_save)
    return false;
  return std::nullopt;
}

std::string mib(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

std::string what_eviction_means(const server_facts& x) {
  auto some = x.policy.rfind("volatile-", 0) == 0;
  return "Redis has maxmemory-policy " + x.policy + ": beyond " + mib(x.maxmemory) + " it deletes "
         + (some ? "keys with a lifetime, those of figures with a ttl among them,"
                 : "any key, figures and Millrace's own state among them,")
         + " and reports no error; set maxmemory-policy noeviction, or give Millrace its own Redis";
}

} // namespace

server_facts facts_of(const std::string& info) {
  auto x = lines_of(info);
  server_facts out;
  out.cluster = x["cluster_enabled"] == "1" || x["redis_mode"] == "cluster";
  if (x["role"] == "slave")
    out.primary = x["master_host"] + ":" + x["master_port"];
  out.policy = x["maxmemory_policy"];
  out.maxmemory = number(x, "maxmemory");
  out.evicted = number(x, "evicted_keys");
  out.run = x["run_id"];
  out.appends = x["aof_enabled"] != "0";
  out.saves = saves_seen(x);
  return out;
}

std::vector<finding> judge(const server_facts& x) {
  using severity = finding::severity;
  std::vector<finding> out;
  if (!x.told) {
    out.push_back({severity::warn, "Redis doesn't let user " + (x.user.empty() ? "default" : x.user)
                                       + " run INFO, so Millrace can't detect eviction, cluster mode, a "
                                         "replica or missing persistence: ACL SETUSER "
                                       + (x.user.empty() ? "default" : x.user) + " +info"});
    return out;
  }
  if (x.cluster)
    out.push_back({severity::refuse,
                   "Redis runs in cluster mode: the keys of one flush lie on several "
                   "servers, so no flush can be atomic; use a Redis without cluster-enabled"});
  if (!x.primary.empty())
    out.push_back(
        {severity::refuse, "Redis is a replica of " + x.primary
                               + " and takes no writes: set REDIS_HOST and REDIS_PORT to the primary"});
  if (x.evicts())
    out.push_back({severity::warn, what_eviction_means(x)});
  if (x.keeps_halves)
    out.push_back({severity::warn,
                   "Redis has restarted, and its append-only file may contain half of a transaction, which "
                   "its next start would run: redis-cli BGREWRITEAOF; or let Millrace do it: ACL SETUSER "
                       + (x.user.empty() ? "default" : x.user) + " +bgrewriteaof"});
  if (!x.appends && x.saves == false)
    out.push_back({severity::warn,
                   "Redis keeps nothing on disk (no append-only file, no snapshots): after its "
                   "restart all figures are filled again; set appendonly yes"});
  return out;
}

result<server_facts> look_at_server(client& connection) {
  auto info = connection.call({"INFO", "server", "replication", "persistence", "memory", "cluster", "stats"});
  if (!info)
    return info.why();
  if (info->failed()) {
    server_facts out;
    out.told = false;
    out.user = connection.user();
    return out;
  }
  auto out = facts_of(info->text);
  out.user = connection.user();
  if (out.appends || out.saves)
    return out;
  auto points = connection.call({"CONFIG", "GET", "save"}); // often denied
  if (!points)
    return points.why();
  if (!points->failed() && points->list.size() == 2)
    out.saves = !points->list[1].text.empty();
  return out;
}

} // namespace millrace::redis
