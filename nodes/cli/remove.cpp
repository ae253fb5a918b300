#include "actors/figures/plan/name_match.hpp"
#include "actors/redis/library.hpp"
#include "actors/redis/pack.hpp"
#include "actors/sources/debezium/client.hpp"
#include "actors/sources/kafka/producer.hpp"
#include "nodes/cli/node_client.hpp"
#include "nodes/cli/terminal.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/cli/waiting.hpp"
#include "nodes/settings/project.hpp"
#include "nodes/settings/take_away.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <thread>

namespace millrace {

namespace {

constexpr std::chrono::seconds slot_timeout{30};

/// What a project has on four servers. All are inspected first. If one can't be inspected, the removal stops
/// before it deletes anything.
class estate {
 public:
  estate(const settings& how, bool own_connect)
      : how_(how), names_(names_of(how)), own_connect_(own_connect) {}

  result<void> look() {
    for (auto part : {&estate::look_at_postgres, &estate::look_at_connect, &estate::look_at_kafka,
                      &estate::look_at_redis})
      if (auto seen = (this->*part)(); !seen)
        return seen;
    return {};
  }

  bool nothing() const {
    return !slot_ && !there_.publication && !there_.own_schema && !connector_ && topics_.empty()
           && own_keys_ == 0 && figure_keys_.empty() && counters_ == 0;
  }

  void show() const {
    auto line = [](const std::string& what, const std::string& which) {
      std::cout << "  " << what << which << "\n";
    };
    std::cout << "Project " << how_.project << " has\n";
    if (connector_)
      line("connector    ", how_.connector() + " at " + where_connect());
    if (slot_)
      line("slot         ", how_.slot() + " in the database " + there_.slot_database);
    if (there_.publication)
      line("publication  ",
           how_.slot() + " (" + std::to_string(there_.published.size()) + " tables, which stay)");
    if (there_.own_schema)
      line("schema       ", names_.own_schema + " (signal table and anchor)");
    for (auto& x : topics_)
      line("topic        ", x);
    for (auto& [figure, count] : figure_keys_)
      line("keys         ", std::to_string(count) + " of the figure " + figure);
    if (counters_)
      line("keys         ", std::to_string(counters_) + " counters of change records");
    if (own_keys_)
      line("keys         ",
           std::to_string(own_keys_) + " of Millrace's own, " + redis::key_prefix(how_.project) + "*");
  }

  /// Deletes in an order in which nothing comes back: the connector would create topics and slot again.
  result<void> take_away() {
    for (auto part : {&estate::remove_connector, &estate::remove_slot, &estate::remove_topics,
                      &estate::remove_keys, &estate::remove_own_tables})
      if (auto gone = (this->*part)(); !gone)
        return gone;
    return {};
  }

  /// Returns SQL for what only an administrator can do. Empty if nothing is left.
  const std::string& left() const { return left_; }

 private:
  std::string where_connect() const { // without user and password
    auto at = how_.connect_url.find('@');
    return at == std::string::npos ? how_.connect_url : "http://" + how_.connect_url.substr(at + 1);
  }

  result<void> look_at_postgres() {
    auto db = postgres::session::open(how_.owner);
    if (!db)
      return db.why();
    auto seen = project::look_at(*db, names_);
    if (!seen)
      return seen.why();
    there_ = std::move(*seen);
    slot_ = !there_.slot_database.empty();
    return {};
  }

  result<void> look_at_connect() {
    if (own_connect_) // its topics contain its connector
      return {};
    if (how_.connect_url.empty())
      return error{errc::bad_setting, "CONNECT_URL isn't set: where is Kafka Connect?"};
    auto made = connect::client::make(how_.connect_url, how_.connect_login, connect_timeout);
    if (!made)
      return made.why();
    auto status = made->status(how_.connector());
    if (!status)
      return status.why();
    connector_ = status->exists;
    return {};
  }

  /// Returns whether a topic has one of the project's names: PREFIX.SCHEMA.TABLE, Debezium's, Millrace's.
  bool is_ours(const std::string& topic) const {
    if (own_connect_ && topic.starts_with(how_.project + "-connect."))
      return true;
    for (auto& x : {how_.dead_letters(), how_.notifications(), how_.shards_topic(),
                    "__debezium-heartbeat." + how_.topic_prefix, how_.topic_prefix + ".message",
                    how_.topic_prefix + ".transaction"})
      if (topic == x)
        return true;
    if (topic == how_.alerts_topic && how_.owns_alerts_topic())
      return true;
    auto prefix = how_.topic_prefix + ".";
    return topic.starts_with(prefix) && topic.find('.', prefix.size()) != std::string::npos;
  }

  result<void> look_at_kafka() {
    auto kafka = kafka::producer::connect(how_.kafka);
    if (!kafka)
      return kafka.why();
    auto all = kafka->topics(kafka_timeout);
    if (!all)
      return all.why();
    std::copy_if(all->begin(), all->end(), std::back_inserter(topics_), [&](auto& x) { return is_ours(x); });
    std::sort(topics_.begin(), topics_.end());
    return {};
  }

  result<void> look_at_redis() {
    auto store = open_store(how_, plan_set{});
    if (!store)
      return store.why();
    auto format = store->format();
    if (!format)
      return format.why();
    plans_.key_prefix =
        how_.key_prefix; // otherwise counters without a prefix, another project's, would count as ours
    try {
      if (!format->plans.empty())
        plans_ = plans_from_json(format->plans);
    } catch (const std::exception& x) {
      return error{errc::corrupt, std::string("the ledger's plans can't be read: ") + x.what()};
    }
    auto client = redis::client::connect(how_.redis);
    if (!client)
      return client.why();
    return count_keys(*client);
  }

  result<void> count_keys(redis::client& redis) {
    auto counters = redis::counter_keys(plans_);
    std::string cursor = "0";
    do {
      auto page = redis.call({"SCAN", cursor, "COUNT", "5000"});
      if (!page)
        return page.why();
      if (page->failed() || page->list.size() != 2)
        return error{errc::denied, "Redis: " + page->text};
      cursor = page->list[0].text;
      for (auto& key : page->list[1].list)
        count(key.text, counters);
    } while (cursor != "0");
    return {};
  }

  void count(const std::string& key, const std::vector<std::string>& counters) {
    if (key.starts_with(redis::key_prefix(how_.project))) {
      ++own_keys_;
      return;
    }
    auto of = [&](auto& figures) {
      auto at = std::find_if(figures.begin(), figures.end(),
                             [&](auto& x) { return could_be(x.place.key, x.outputs, key); });
      return at == figures.end() ? nullptr : &at->name;
    };
    auto* name = of(plans_.figures);
    if (!name)
      name = of(plans_.batches);
    if (name) {
      ++figure_keys_[*name];
      return;
    }
    counters_ += std::find(counters.begin(), counters.end(), key) != counters.end() ? 1 : 0;
  }

  result<void> remove_connector() {
    if (!connector_)
      return {};
    auto client = connect::client::make(how_.connect_url, how_.connect_login, connect_timeout);
    if (!client)
      return client.why();
    // Offsets can be deleted only between stop and delete. If Connect is too old for that, they stay, and a
    // new connector takes a new snapshot.
    if (client->stop(how_.connector()))
      if (auto gone = client->forget_offsets(how_.connector()); !gone)
        std::cerr << "millrace: " << gone.why().message << "; they stay, and harm nothing\n";
    if (auto gone = client->remove(how_.connector()); !gone)
      return gone;
    std::cout << "connector " << how_.connector() << " is deleted\n";
    return {};
  }

  result<void> remove_slot() {
    if (!slot_)
      return {};
    auto db = postgres::session::open(there_.superuser ? how_.owner : as_debezium(how_));
    if (!db)
      return db.why();
    auto until = std::chrono::steady_clock::now() + slot_timeout;
    for (;;) {
      auto slot = db->slot(how_.slot());
      if (!slot)
        return slot.why();
      if (!slot->exists)
        return {};
      if (!slot->active)
        break;
      if (std::chrono::steady_clock::now() > until)
        return error{errc::unavailable, "a process still reads the slot " + how_.slot()
                                            + ": is the connector on another Kafka Connect?"};
      std::this_thread::sleep_for(look_interval);
    }
    if (auto gone =
            db->query_rows("SELECT pg_drop_replication_slot(" + postgres::quoted_text(how_.slot()) + ")");
        !gone)
      return gone.why();
    std::cout << "slot " << how_.slot() << " is dropped\n";
    return {};
  }

  result<void> remove_topics() {
    auto kafka = kafka::producer::connect(how_.kafka);
    if (!kafka)
      return kafka.why();
    if (auto gone = kafka->remove(topics_, {how_.kafka.group, how_.sources_group(), how_.shards_topic()},
                                  kafka_timeout);
        !gone)
      return gone;
    std::cout << topics_.size() << " topics are deleted\n";
    return {};
  }

  result<void> remove_keys() {
    if (auto gone = millrace::take_away(how_); !gone)
      return gone;
    auto store = open_store(how_, plans_);
    if (!store)
      return store.why();
    if (auto gone = store->remove_events(plans_); !gone)
      return gone;
    if (auto gone = store->remove_counters(plans_); !gone)
      return gone;
    if (auto gone = store->remove_all(); !gone)
      return gone;
    std::cout << "the keys in Redis are deleted\n";
    return {};
  }

  /// Only their owner can drop the schema and the publication. Only an administrator can drop the roles.
  result<void> remove_own_tables() {
    auto db = postgres::session::open(how_.owner);
    if (!db)
      return db.why();
    auto drop = [&](bool there, const std::string& sql) {
      if (there && !db->execute(sql))
        left_ += sql + ";\n";
    };
    drop(there_.publication, "DROP PUBLICATION IF EXISTS " + postgres::quoted_name(how_.slot()));
    // A schema that other projects of the database share stays.
    drop(there_.own_schema && names_.own_schema != "millrace",
         "DROP SCHEMA IF EXISTS " + postgres::quoted_name(names_.own_schema) + " CASCADE");
    for (auto& [name, facts] :
         {std::pair{names_.node_role, there_.node}, {names_.debezium_role, there_.debezium}}) {
      if (!facts.exists || name == how_.owner.user || !name.starts_with("millrace_" + how_.project + "_"))
        continue;
      auto role = postgres::quoted_name(name);
      drop(true, "DROP OWNED BY " + role + "; DROP ROLE " + role);
    }
    return {};
  }

  const settings& how_;
  project::names names_;
  bool own_connect_;
  project::facts there_;
  bool slot_ = false, connector_ = false;
  std::vector<std::string> topics_;
  plan_set plans_;
  std::map<std::string, std::size_t> figure_keys_;
  std::size_t own_keys_ = 0, counters_ = 0;
  std::string left_;
};

/// Returns an error if a node is running, because it would fill everything again.
std::optional<error> running_node(const settings& how) {
  auto status = node_status(how.http_port);
  if (!status || status->value("project", "") != how.project)
    return std::nullopt;
  return error{errc::bad_setting, "a node of the project " + how.project + " runs at 127.0.0.1:"
                                      + std::to_string(how.http_port) + ": stop it first"};
}

} // namespace

int run_remove(const settings& how, const remove_options& options) {
  if (auto running = running_node(how); running && options.yes)
    return complain(*running);
  estate all(how, options.own_connect);
  if (auto seen = all.look(); !seen)
    return complain(seen.why());
  if (all.nothing()) {
    if (auto store = open_store(how, plan_set{})) // it has loaded its functions
      (void)store->remove_all();
    std::cout << "Project " << how.project << " has nothing on these servers.\n";
    return 0;
  }
  all.show();
  if (!options.yes) {
    std::cout << "Say --yes to take all of it away; tables and their rows stay, and so does the project's "
                 "folder.\n";
    return 0;
  }
  if (auto gone = all.take_away(); !gone)
    return complain(gone.why());
  if (all.left().empty())
    return 0;
  std::cout << "An administrator must remove the rest, by this SQL:\n" << all.left();
  return 1;
}

} // namespace millrace
