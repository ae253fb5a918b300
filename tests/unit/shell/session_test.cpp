#define CAF_SUITE shell.session
#include "nodes/shell/session.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::shell;

namespace {

/// Two nodes, of which the second one leads. Keeps what it was asked.
class two_nodes : public cluster_link {
 public:
  reports ask_reports() override {
    asked.push_back("reports");
    node_report one, two;
    one.member.name = "one";
    two.member.name = "two";
    two.fill.leads = true;
    return {{"one", "127.0.0.1:1", one, ""}, {"two", "127.0.0.1:2", two, ""}};
  }
  answers<row_report> ask_row(const std::string& table, const std::vector<std::string>&) override {
    asked.push_back("row of " + table);
    return {};
  }
  answers<std::vector<alert_report>> ask_alerts(const std::string& node) override {
    asked.push_back("alerts of " + node);
    return {};
  }
  answers<std::string> set_log_level(const std::string& node, const std::string& level) override {
    asked.push_back("level " + level + " of " + node);
    return {};
  }

  std::vector<std::string> asked;
};

/// Returns what the nodes were asked by a command.
std::vector<std::string> asked_by(const std::string& command) {
  two_nodes with;
  shell_options how;
  how.command = command;
  converse(with, "shop", how);
  return with.asked;
}

using words = std::vector<std::string>;

} // namespace

CAF_TEST(exit as the only command ends and asks nobody) {
  two_nodes with;
  shell_options how;
  for (auto* command : {"exit", "watch exit"}) {
    how.command = command;
    converse(with, "shop", how);
  }
  CAF_CHECK(with.asked.empty());
}

CAF_TEST(alerts are asked of the leader alone) {
  CAF_CHECK(asked_by("alerts") == (words{"reports", "alerts of two"}));
}

CAF_TEST(a log level is set on the node that is named or on all) {
  CAF_CHECK(asked_by("log-level one debug") == (words{"reports", "level debug of one"}));
  CAF_CHECK(asked_by("log-level debug") == (words{"reports", "level debug of "}));
  CAF_CHECK(asked_by("log-level three debug") == (words{"reports"}));
}
