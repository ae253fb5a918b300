#define CAF_SUITE redis.server_look
#include "actors/redis/server_look.hpp"

#include "tests/unit/redis/fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

using severity = redis::finding::severity;

const std::string sound = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nrun_id:abc\r\n"
                          "server_time_usec:1700000000000000\r\n\r\n# Replication\r\nrole:master\r\n"
                          "# Persistence\r\naof_enabled:1\r\nrdb_saves:0\r\nrdb_last_save_time:1699999999\r\n"
                          "rdb_changes_since_last_save:7\r\n# Memory\r\nmaxmemory:0\r\n"
                          "maxmemory_policy:noeviction\r\n# Cluster\r\ncluster_enabled:0\r\n"
                          "# Stats\r\nevicted_keys:0\r\n";

/// The sound server's words with one line changed.
std::vector<redis::finding> judged(std::vector<std::pair<std::string, std::string>> changes) {
  auto text = sound;
  for (auto& [from, to] : changes)
    text.replace(text.find(from), from.size(), to);
  return redis::judge(redis::facts_of(text));
}

bool says(const redis::finding& x, const std::string& words) {
  return x.what.find(words) != std::string::npos;
}

} // namespace

CAF_TEST(a sound server has no findings) { CAF_CHECK(judged({}).empty()); }

CAF_TEST(a policy that evicts is told with its limit and the remedy) {
  auto x = judged({{"maxmemory:0", "maxmemory:67108864"}, {":noeviction", ":allkeys-lru"}});
  CAF_REQUIRE_EQUAL(x.size(), 1u);
  CAF_CHECK(x[0].weight == severity::warn);
  CAF_CHECK(says(x[0], "allkeys-lru: beyond 64 MiB"));
  CAF_CHECK(says(x[0], "set maxmemory-policy noeviction"));
}

CAF_TEST(a policy that evicts keys with a lifetime says that only these go) {
  auto x = judged({{"maxmemory:0", "maxmemory:1048576"}, {":noeviction", ":volatile-ttl"}});
  CAF_REQUIRE_EQUAL(x.size(), 1u);
  CAF_CHECK(says(x[0], "figures with a ttl"));
}

CAF_TEST(a policy that evicts is nothing where memory has no limit) {
  CAF_CHECK(judged({{":noeviction", ":allkeys-lru"}}).empty());
}

CAF_TEST(a cluster and a replica are refused) {
  auto x = judged({{"cluster_enabled:0", "cluster_enabled:1"},
                   {"role:master", "role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379"}});
  CAF_REQUIRE_EQUAL(x.size(), 2u);
  CAF_CHECK(x[0].weight == severity::refuse && says(x[0], "cluster mode"));
  CAF_CHECK(x[1].weight == severity::refuse && says(x[1], "a replica of 10.0.0.1:6379"));
}

CAF_TEST(a server that keeps nothing on disk is told once that is known) {
  CAF_CHECK(judged({{"aof_enabled:1", "aof_enabled:0"}}).empty()); // a snapshot may still come
  auto x = judged({{"aof_enabled:1", "aof_enabled:0"}, {"time:1699999999", "time:1699990000"}});
  CAF_REQUIRE_EQUAL(x.size(), 1u);
  CAF_CHECK(says(x[0], "set appendonly yes"));
  CAF_CHECK(judged({{"aof_enabled:1", "aof_enabled:0"}, {"rdb_saves:0", "rdb_saves:1"}}).empty());
}

CAF_TEST(a real server tells its facts) {
  store_fixture f;
  f.ask({"CONFIG", "SET", "maxmemory", "100mb", "maxmemory-policy", "allkeys-lfu"});
  auto x = must(redis::look_at_server(f.raw));
  CAF_CHECK(x.told && !x.cluster && x.primary.empty() && x.appends && !x.run.empty());
  CAF_CHECK(x.evicts());
  CAF_CHECK_EQUAL(x.maxmemory, 104'857'600u);
  f.ask({"CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "noeviction", "appendonly", "no"});
  x = must(redis::look_at_server(f.raw));
  CAF_CHECK(!x.evicts() && !x.appends);
  CAF_CHECK(x.saves == false); // the fixture has no save points
  f.ask({"CONFIG", "SET", "appendonly", "yes"});
}

CAF_TEST(a user who may not ask is told which right is missing) {
  store_fixture f;
  f.ask({"ACL", "SETUSER", "figures", "on", ">secret", "~*", "+@all", "-info"});
  auto how = shared_server().settings();
  how.user = "figures";
  how.password = "secret";
  auto connection = must(redis::client::connect(how));
  auto x = redis::judge(must(redis::look_at_server(connection)));
  CAF_REQUIRE_EQUAL(x.size(), 1u);
  CAF_CHECK(x[0].weight == severity::warn);
  CAF_CHECK(says(x[0], "ACL SETUSER figures +info"));
}
