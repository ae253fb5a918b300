/// Parses the program's verbs and their options. Other files implement the verbs.

#include "nodes/cli/terminal.hpp"
#include "nodes/cli/unexpected.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/node/generate.hpp"
#include "nodes/node/node.hpp"
#include "nodes/settings/config.hpp"
#include "nodes/shell/shell.hpp"

#include <iostream>
#ifdef MILLRACE_MIMALLOC
#include <mimalloc.h>
#endif

namespace {

using namespace millrace;

struct arguments {
  std::vector<std::string> files, servers;
  verify_options verify;
  alerts_options alerts;
  generate_options generate;
  init_options init;
  apply_options apply;
  refill_options refill;
  remove_options remove;
  shell_options shell;
  resync_options resync;
  std::string secrets = "secrets";
  bool json = false, yes = false;
  std::string action, which;
};

void add_verbs(CLI::App& app, arguments& x) {
  app.require_subcommand(1);
  app.add_subcommand("node", "Run a node: changes from Kafka, figures to Redis");
  auto* check =
      app.add_subcommand("check", "Show each figure's plan and memory per row, or why it is refused");
  check->add_option("FILE", x.files, "Files or folders of figures (default: the project's)");
  auto* verify =
      app.add_subcommand("verify", "Compare every figure in Redis with its query's answer in PostgreSQL");
  verify->add_option("--wait", x.verify.wait_seconds, "Seconds to wait for the stream to drain")
      ->capture_default_str();
  verify->add_flag("--json", x.verify.json, "Print JSON");
  verify->add_flag("--beside-writers", x.verify.beside_writers,
                   "Don't pause the generator: what changes meanwhile is read again");
  verify->add_flag("--record", x.verify.record, "Write the result to batch_jobs:reconciliation in Redis");
  app.add_subcommand("status", "Show node, connector, slot and figures")
      ->add_flag("--json", x.json, "Print JSON");
  app.add_subcommand("health", "Say whether the node, or the generator, serves; exit 1 if it doesn't")
      ->add_option("WHICH", x.which,
                   "node (default): as /healthz, once it has started; ready: as /readyz; generator")
      ->check(CLI::IsMember({"node", "ready", "generator"}));
  auto* generate = app.add_subcommand("generate", "Write a realistic shop into PostgreSQL");
  generate->add_option("--rate", x.generate.rate, "Rows a second; 0 pauses");
  generate->add_option("--seed", x.generate.seed, "The same seed on the same database writes the same rows")
      ->capture_default_str();
  generate->add_option("--control-port", x.generate.control_port, "Port of /control on loopback");
  auto* connector =
      app.add_subcommand("connector", "Register, show, restart or delete the project's connector");
  connector->add_option("ACTION", x.action)
      ->required()
      ->check(CLI::IsMember({"register", "status", "restart", "delete"}));
  auto* letters =
      app.add_subcommand("dead-letters", "List, show, replay or resolve records that could not be decoded");
  letters->add_option("ACTION", x.action)
      ->required()
      ->check(CLI::IsMember({"list", "show", "replay", "resolve"}));
  letters->add_option("WHICH", x.which, "TOPIC/PARTITION/OFFSET as `list` shows it, or 'all'");
  auto* alerts = app.add_subcommand(
      "alerts", "List what is pending, firing or recovering; silence alerts, so that they aren't sent");
  alerts->add_option("ACTION", x.alerts.words,
                     "list [ALERT] (the default), show ALERT, silences, silence WHAT... (an alert's name, "
                     "LABEL=VALUE; several must all match), unsilence ID... as `silences` shows it");
  alerts->add_option("--for", x.alerts.duration, "How long a silence lasts: 30m, 2h, 7d");
  alerts->add_option("--reason", x.alerts.reason, "Why it is silenced, for the next reader");
  alerts->add_flag("--json", x.alerts.json, "Print JSON");
  auto* init =
      app.add_subcommand("init", "Look at a database, and write a project's folder: settings, figures to "
                                 "begin with, and the SQL that the database lacks");
  init->add_option("DIR", x.init.folder,
                   "The folder; its name is the project's, unless --name says otherwise")
      ->required();
  init->add_option("--name", x.init.name, "The project's name: lower-case letters, digits and _");
  init->add_option(
      "--postgres", x.init.postgres,
      "postgresql://USER[:PASSWORD]@HOST[:PORT]/DATABASE[?sslmode=...]; the password may be in PGPASSWORD");
  init->add_option("--database", x.init.database, "Another database of that server");
  init->add_option(
      "--redis", x.init.redis,
      "redis://[[USER][:PASSWORD]@]HOST[:PORT][/DATABASE]; the password may be in REDISCLI_AUTH");
  init->add_option("--brokers", x.init.kafka, "Kafka's HOST:PORT,...");
  init->add_option("--connect", x.init.connect, "Kafka Connect's http://[USER:PASSWORD@]HOST:PORT");
  init->add_option("--node-port", x.init.http_port, "Port of the node's /status (default: one that is free)");
  init->add_flag("--these-servers", x.init.take_servers, "Servers without a URL are those of the settings");
  app.add_subcommand("servers",
                     "Try the login at each server; name the settings of one that rejects it, and exit 1")
      ->add_option("NAME", x.servers, "postgres, redis, kafka, connect (default: all)")
      ->check(CLI::IsMember({"postgres", "redis", "kafka", "connect"}));
  app.add_subcommand("prepare",
                     "Print the SQL that the database lacks for the figures; exit 1 if there is any")
      ->add_option("--secrets", x.secrets, "Folder with the roles' passwords")
      ->capture_default_str();
  auto* remove =
      app.add_subcommand("remove", "Show what the project has in PostgreSQL, Kafka and Redis, and delete it");
  remove->add_flag("--yes", x.remove.yes, "Do it");
  remove->add_flag("--own-connect", x.remove.own_connect,
                   "No other project uses this Kafka Connect, and it is stopped: delete its topics too");
  app.add_subcommand("plan", "Show what the figures' files change of the figures that run; exit 2 if "
                             "anything, 1 if they are refused")
      ->add_flag("--json", x.json, "Print JSON");
  auto* apply =
      app.add_subcommand("apply", "Change the running figures to what their files say, without a stop");
  apply->add_flag("--dry-run", x.apply.dry_run, "Only show the change, as `plan` does");
  apply->add_flag("--json", x.apply.json, "Print JSON");
  apply->add_flag("--yes", x.apply.yes, "Remove figures without asking, however many");
  apply->add_option("--wait", x.apply.wait_seconds, "Seconds to wait until the new figures are complete")
      ->capture_default_str();
  auto* resync = app.add_subcommand("resync", "Read tables again whose rows may have changed unseen; figures "
                                              "stay shown, and are incomplete meanwhile");
  resync->add_option("TABLE", x.resync.tables, "SCHEMA.TABLE, or a table of the schema public")->required();
  resync->add_option("--wait", x.resync.wait_seconds, "Seconds to wait until they are read")
      ->capture_default_str();
  auto* refill =
      app.add_subcommand("refill", "Delete figures' places and fill them again, while the others stay live");
  refill->add_option("FIGURE", x.refill.figures, "Names of figures that run")->required();
  refill->add_option("--wait", x.refill.wait_seconds, "Seconds to wait until they are complete")
      ->capture_default_str();
  auto* shell =
      app.add_subcommand("shell", "Ask all nodes of a cluster, by commands; `help` in it lists them");
  shell->add_option("ADDRESS", x.shell.at,
                    "HOST:PORT of a node, as other nodes reach it (default: those in the registry in Redis)");
  shell->add_option("-c,--command", x.shell.command,
                    "Run this command only; exit 1 if a node doesn't answer");
  shell->add_flag("--json", x.shell.json, "Print JSON");
  app.add_subcommand("rebuild", "Delete all figures and the ledger; the node fills them again")
      ->add_flag("--yes", x.yes, "Do it");
}

int run(const CLI::App& app, const settings& how, const arguments& x) {
  auto verb = app.get_subcommands().front()->get_name();
  if (verb == "node")
    return run_node(how);
  if (verb == "check")
    return run_check(how, x.files);
  if (verb == "verify")
    return run_verify(how, x.verify);
  if (verb == "status")
    return run_status(how, x.json);
  if (verb == "health")
    return run_health(how, x.which);
  if (verb == "generate")
    return run_generate(how, x.generate);
  if (verb == "connector")
    return run_connector(how, x.action);
  if (verb == "dead-letters")
    return run_dead_letters(how, x.action, x.which);
  if (verb == "alerts")
    return run_alerts(how, x.alerts);
  if (verb == "init")
    return run_init(how, x.init);
  if (verb == "servers")
    return run_servers(how, x.servers);
  if (verb == "prepare")
    return run_prepare(how, x.secrets);
  if (verb == "remove")
    return run_remove(how, x.remove);
  if (verb == "plan")
    return run_plan(how, x.json);
  if (verb == "apply")
    return run_apply(how, x.apply);
  if (verb == "resync")
    return run_resync(how, x.resync);
  if (verb == "refill")
    return run_refill(how, x.refill);
  if (verb == "shell")
    return run_shell(how, x.shell);
  return run_rebuild(how, x.yes);
}

/// Keeps freed pages for 2 s, because Kafka's fetch buffers are freed and allocated often. This halves the
/// page faults of librdkafka's thread (perf).
void set_up_allocator() {
#ifdef MILLRACE_MIMALLOC
  mi_option_set(mi_option_decommit_delay, 2000);
#endif
}

int run_program(int argc, char** argv) {
  CLI::App app{"Millrace keeps figures about a PostgreSQL database exact and live in Redis."};
  app.name("millrace");
  app.set_version_flag("--version", MILLRACE_VERSION);
  app.fallthrough();
  settings how;
  arguments x;
  add_settings(app, how);
  add_verbs(app, x);
  CLI11_PARSE(app, argc, argv);
  set_up_log(how.log_level);
  if (auto complete_settings = complete(how); !complete_settings) {
    std::cerr << "millrace: " << complete_settings.why().message << "\n";
    return 2;
  }
  return run(app, how, x);
}

} // namespace

int main(int argc, char** argv) {
  set_up_allocator();
  visible_stream out(std::cout), errors(std::cerr);
  return run_guarded(argc > 1 ? argv[1] : "millrace", [&] { return run_program(argc, argv); });
}
