#define CAF_SUITE shell.command
#include "nodes/shell/command.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::shell;

namespace {

std::string refusal(const std::string& line) {
  auto x = parse(line);
  return x ? "" : x.why().message;
}

std::vector<std::string> words(const std::string& line) {
  auto x = words_of(line);
  return x ? *x : std::vector<std::string>{"refused: " + x.why().message};
}

using some = std::vector<std::string>;

} // namespace

CAF_TEST(spaces part words and quotes keep them) {
  CAF_CHECK_EQUAL(words("  row orders\t17 "), (some{"row", "orders", "17"}));
  CAF_CHECK_EQUAL(words("row notes 'a b' \"c'd\""), (some{"row", "notes", "a b", "c'd"}));
  CAF_CHECK_EQUAL(words("row notes a\\ b ''"), (some{"row", "notes", "a b", ""}));
  CAF_CHECK_EQUAL(words(""), some{});
}

CAF_TEST(an open quote is refused) {
  CAF_CHECK_EQUAL(words("row notes 'a b"), some{"refused: a quote ' isn't closed"});
}

CAF_TEST(an empty line is no command) {
  auto x = parse("   ");
  CAF_REQUIRE(x);
  CAF_CHECK(x->form == nullptr);
}

CAF_TEST(a command has its arguments) {
  auto x = parse("row order_items 3 4");
  CAF_REQUIRE(x);
  CAF_CHECK_EQUAL(x->form->name, "row");
  CAF_CHECK_EQUAL(x->arguments, (some{"order_items", "3", "4"}));
  CAF_CHECK(!x->watch);
}

CAF_TEST(an unknown command is refused with the nearest one) {
  CAF_CHECK_EQUAL(refusal("node"),
                  "there is no command node; did you mean `nodes`? `help` lists all commands");
  CAF_CHECK_EQUAL(refusal("reboot"), "there is no command reboot; `help` lists all commands");
}

CAF_TEST(a control character of a command is shown and not sent) {
  CAF_CHECK_EQUAL(refusal("\033[2Jreboot").find('\033'), std::string::npos);
}

CAF_TEST(too few and too many arguments are refused with the form) {
  CAF_CHECK_EQUAL(
      refusal("row orders"),
      "enter `row TABLE KEY...`: shows a stored row, its cells, and the figures that it counts for, "
      "with their places and values");
  CAF_CHECK_EQUAL(refusal("nodes all"),
                  "enter `nodes`: lists the nodes: shards, partitions, rows, rate, lag");
}

CAF_TEST(watch repeats a harmless command) {
  auto x = parse("watch figures revenue");
  CAF_REQUIRE(x);
  CAF_CHECK_EQUAL(x->form->name, "figures");
  CAF_CHECK_EQUAL(x->arguments, some{"revenue"});
  CAF_CHECK(x->watch);
}

CAF_TEST(watch refuses itself and what changes something) {
  CAF_CHECK_EQUAL(refusal("watch watch nodes"), "`watch` repeats a harmless command: `watch status`");
  CAF_CHECK_EQUAL(refusal("watch log-level debug"), "`watch` repeats a harmless command: `watch status`");
  CAF_CHECK(!refusal("watch nonsense").empty());
}

CAF_TEST(the first word completes to commands and a later one to names) {
  some names{"node", "node-2", "revenue", "public.orders"};
  CAF_CHECK_EQUAL(completions("so", names), some{"sources"});
  CAF_CHECK_EQUAL(completions("watch no", names), some{"nodes"});
  CAF_CHECK_EQUAL(completions("log-level no", names), (some{"node", "node-2"}));
  CAF_CHECK_EQUAL(completions("row pub", names), some{"public.orders"});
  CAF_CHECK_EQUAL(completions("row 'open", names), some{});
}
