#include "actors/figures/plan/plan_alignment.hpp"
#include "actors/sources/debezium/captured_tables.hpp"
#include "actors/sources/debezium/placeholder.hpp"
#include "actors/sources/debezium/registration.hpp"
#include "actors/sources/debezium/signal.hpp"
#include "nodes/cli/capture.hpp"
#include "nodes/cli/terminal.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/cli/waiting.hpp"
#include "nodes/settings/project_parts.hpp"
#include "nodes/settings/source_parts.hpp"

#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

namespace millrace {

namespace {

/// Returns the configuration. `registered` is the one that Connect has, or empty.
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

/// Adds the missing tables to the publication. Only the owner has the right, so it uses the owner's session.
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

/// Adds the tables that running figures read: they stay captured until other figures are applied.
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

/// Returns the FAILED parts, in words.
std::string failed_parts(const connect::connector_status& x) {
  std::string out = x.state == "FAILED" ? "the connector" : "";
  for (auto& task : x.tasks)
    if (task.state == "FAILED")
      out += (out.empty() ? "" : ", ") + ("task " + std::to_string(task.id));
  return out;
}

/// Restarts the FAILED parts, or resumes a paused or stopped connector. Exit 1 if there is nothing to do.
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

} // namespace

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
