#include "actors/connect/client.hpp"
#include "actors/connect/placeholder.hpp"
#include "actors/connect/registration.hpp"
#include "actors/connect/signal.hpp"
#include "actors/connect/stall_watch.hpp"
#include "actors/connect/watch.hpp"
#include "actors/figures/plan_alignment.hpp"
#include "nodes/capture.hpp"
#include "nodes/connector_watch.hpp"
#include "nodes/project_parts.hpp"
#include "nodes/verbs.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <sstream>

namespace millrace {

namespace {

constexpr std::chrono::seconds connect_timeout{15}, watch_timeout{3};

int complain(const error& why) {
  std::cerr << "millrace: " << why.message << "\n";
  return 2;
}

result<connect::client> connect_of(const settings& how, std::chrono::milliseconds timeout) {
  if (how.connect_url.empty())
    return error{errc::bad_setting, "CONNECT_URL isn't set: where is Kafka Connect?"};
  return connect::client::make(how.connect_url, timeout);
}

/// `registered`: the configuration that Connect has, or empty.
result<std::string> configuration(const settings& how, const plan_set& plans, const std::string& registered) {
  std::ifstream file(how.connector_template);
  if (!file)
    return error{errc::bad_setting, "the connector's template " + how.connector_template
                                        + " can't be read (MILLRACE_CONNECTOR_TEMPLATE)"};
  std::ostringstream text;
  text << file.rdbuf();
  return connect::fill_template(
      text.str(),
      {{"project", how.project},
       {"topic_prefix", how.topic_prefix},
       {"tables", connect::table_list(plans, how.owner.own_schema)},
       {"postgres_host", how.owner.host},
       {"postgres_port", std::to_string(how.owner.port)},
       {"postgres_db", how.owner.database},
       {"postgres_sslmode", how.owner.sslmode},
       {"postgres_sslrootcert", how.owner.sslrootcert},
       {"signal_table", how.owner.own_schema + ".debezium_signal"},
       {"anchor", connect::collection_pattern(how.owner.own_schema, "anchor")},
       {"captures", connect::capture_mark(plans)},
       {"debezium_user", how.debezium_user.empty() ? how.owner.user : how.debezium_user},
       {"debezium_password", how.debezium_user.empty() ? how.owner.password : how.debezium_password},
       {"placeholder", connect::own_placeholder(registered).value_or(connect::fresh_placeholder())},
       {"exactly_once", how.exactly_once ? "required" : "requested"}});
}

/// Adds to the publication what it lacks: the owner's right, so as the owner.
result<void> publish_tables(postgres::session& db, const std::string& publication, const plan_set& plans) {
  auto published = db.query_rows("SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = "
                                 + postgres::quoted_text(publication));
  if (!published)
    return published.why();
  std::set<std::pair<std::string, std::string>> there;
  for (auto& x : published->rows)
    there.emplace(x[0].value_or(""), x[1].value_or(""));
  for (auto& x : plans.tables) {
    if (!x.captured || there.count({x.table.schema, x.table.name}))
      continue;
    auto name = postgres::quoted_name(x.table.schema) + "." + postgres::quoted_name(x.table.name);
    if (auto added =
            db.execute("ALTER PUBLICATION " + postgres::quoted_name(publication) + " ADD TABLE " + name);
        !added)
      return added.why();
    std::cerr << "publication " << publication << ": " << name << " added\n";
  }
  return {};
}

/// Tables that running figures read stay captured until others are applied.
plan_set with_running_tables(const settings& how, plan_set plans) {
  auto found = ledger_format_of(how);
  if (!found || found->plans.empty())
    return plans;
  try {
    return with_tables_of(std::move(plans), plans_from_json(found->plans));
  } catch (const std::exception&) {
    return plans;
  }
}

int register_connector(const settings& how) {
  auto db = postgres::session::open(how.owner);
  if (!db)
    return complain(db.why());
  auto plans = plan_project(how, *db);
  if (!plans)
    return complain(plans.why());
  auto changed = capture_tables(how, with_running_tables(how, std::move(*plans)));
  if (!changed)
    return complain(changed.why());
  std::cout << "connector " << how.connector()
            << (*changed ? " registered\n" : " is registered as it should be\n");
  return 0;
}

int show(const settings& how, connect::client& client) {
  auto status = client.status(how.connector());
  if (!status)
    return complain(status.why());
  std::cout << connect::to_json(*status) << "\n";
  return status->running() ? 0 : 1;
}

/// Returns the parts that have FAILED, in words.
std::string failed_parts(const connect::connector_status& x) {
  std::string out = x.state == "FAILED" ? "the connector" : "";
  for (auto& task : x.tasks)
    if (task.state == "FAILED")
      out += (out.empty() ? "" : ", ") + ("task " + std::to_string(task.id));
  return out;
}

/// Starts what doesn't run again: what FAILED, or all of one that was paused or
/// stopped. Exit 1 if there is nothing of the kind.
int restart(const settings& how, connect::client& client) {
  auto status = client.status(how.connector());
  if (!status)
    return complain(status.why());
  auto name = "connector " + how.connector();
  if (!status->exists)
    return complain({errc::bad_setting, name + " isn't registered: run `millrace connector register`"});
  auto rests = status->state == "PAUSED" || status->state == "STOPPED";
  auto failed = failed_parts(*status);
  if (!rests && failed.empty()) {
    std::cout << name << ": nothing is restarted, "
              << (status->running() ? "all of it runs" : "nothing of it has FAILED") << " (connector "
              << status->state << ", "
              << (status->tasks.empty() ? "no task" : "task " + status->tasks.front().state) << ")\n";
    return 1;
  }
  auto done = rests ? client.resume(how.connector()) : client.restart_failed(how.connector());
  if (!done)
    return complain(done.why());
  std::cout << name
            << (rests ? " was " + status->state + " and is resumed\n"
                      : ": restarted " + failed + ", which had FAILED\n");
  return 0;
}

/// A node's look at its connector; keeps what it said, so that it says it once.
class onlooker {
 public:
  onlooker(connect::client client, std::string name) : client_(std::move(client)), name_(std::move(name)) {}

  std::string look(std::optional<bool> slot_active) {
    auto status = client_.status(name_);
    if (!status)
      return say("Kafka Connect: " + status.why().message),
             R"({"state": "unknown", "task": "unknown", "trouble": "Kafka Connect doesn't answer"})";
    auto task = status->tasks.empty() ? connect::task_status{0, "none", ""} : status->tasks.front();
    auto trouble = !status->exists          ? "connector " + name_ + " isn't registered"
                   : !status->trace.empty() ? status->trace
                                            : task.trace;
    say(trouble);
    if (!trouble.empty())
      last_trouble_ = trouble;
    else if (watch_.restarts() > 0)
      trouble = "it was restarted, having failed: " + last_trouble_;
    auto now = std::chrono::steady_clock::now();
    if (status->exists && watch_.see(*status, now)) {
      spdlog::warn("cluster: restarts connector {}", name_);
      (void)client_.restart_failed(name_);
    }
    if (stall_.see(status->running(), slot_active, now)) {
      spdlog::warn("cluster: connector {} runs, says Kafka Connect, but its slot isn't read; restarts it",
                   name_);
      (void)client_.restart(name_);
    }
    return nlohmann::json{{"state", status->exists ? status->state : "absent"},
                          {"task", task.state},
                          {"trouble", trouble},
                          {"restarts", watch_.restarts()}}
        .dump();
  }

 private:
  void say(const std::string& what) {
    if (what != said_ && !what.empty())
      spdlog::warn("cluster: {}", what);
    said_ = what;
  }

  connect::client client_;
  std::string name_, said_;
  std::string last_trouble_; ///< a task that fails again and again runs in between
  connect::watch watch_;
  connect::stall_watch stall_;
};

} // namespace

std::function<std::string(std::optional<bool>)> watch_connector(const settings& how) {
  auto client = connect_of(how, watch_timeout);
  if (!client)
    return {};
  auto it = std::make_shared<onlooker>(std::move(*client), how.connector());
  return [it](std::optional<bool> slot_active) { return it->look(slot_active); };
}

std::function<void()> connector_restarter(const settings& how) {
  if (how.connect_url.empty())
    return {};
  return [how] {
    auto client = connect_of(how, watch_timeout);
    auto done = client ? client->restart(how.connector()) : result<void>(client.why());
    if (done)
      spdlog::warn("cluster: restarted connector {}", how.connector());
    else
      spdlog::warn("cluster: can't restart connector {}: {}", how.connector(), done.why().message);
  };
}

result<bool> capture_tables(const settings& how, const plan_set& plans) {
  auto client = connect_of(how, connect_timeout);
  if (!client)
    return client.why();
  auto db = postgres::session::open(how.owner);
  if (!db)
    return db.why();
  if (auto sources = find_sources(how, plans); !sources)
    return sources.why();
  if (auto published = publish_tables(*db, how.slot(), plans); !published)
    return published.why();
  auto registered = client->configuration(how.connector());
  if (!registered)
    return registered.why();
  auto config = configuration(how, plans, *registered);
  return config ? client->put(how.connector(), *config) : config.why();
}

int run_connector(const settings& how, const std::string& action) {
  auto client = connect_of(how, connect_timeout);
  if (!client)
    return complain(client.why());
  if (action == "register")
    return register_connector(how);
  if (action == "status")
    return show(how, *client);
  if (action == "restart")
    return restart(how, *client);
  auto done = client->remove(how.connector());
  if (!done)
    return complain(done.why());
  std::cout << "connector " << how.connector() << " deleted; its slot stays\n";
  return 0;
}

} // namespace millrace
