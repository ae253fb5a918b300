#define CAF_SUITE shell.listing
#include "nodes/shell/listing.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace::shell;

namespace {

listing two_nodes() {
  listing out;
  out.columns = {"node", "rows"};
  out.rows = {{text_field("node"), number_field(12345)}, {text_field("node-2", tone::bad), number_field(7)}};
  return out;
}

const screen file{}, narrow{20, false}, colourful{80, true};

} // namespace

CAF_TEST(columns are aligned and numbers end at the right) {
  CAF_CHECK_EQUAL(in_text(two_nodes(), file), "node      rows\n"
                                              "node    12,345\n"
                                              "node-2       7\n");
}

CAF_TEST(sentences stand around the table) {
  auto x = two_nodes();
  x.before.push_back({"first"});
  x.after.push_back({"last"});
  auto text = in_text(x, file);
  CAF_CHECK_EQUAL(text.find("first\nnode"), 0u);
  CAF_CHECK_EQUAL(text.substr(text.size() - 5), "last\n");
}

CAF_TEST(an answer without rows has no heading) {
  listing x;
  x.columns = {"table", "open"};
  x.before.push_back({"no dead letter is open", tone::good});
  CAF_CHECK_EQUAL(in_text(x, file), "no dead letter is open\n");
}

CAF_TEST(a table fits a terminal and is not cut in a file) {
  auto x = two_nodes();
  x.columns.push_back("why");
  for (auto& row : x.rows)
    row.push_back(text_field("a reason that is much longer than the terminal is wide"));
  auto text = in_text(x, screen{30, false});
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    CAF_CHECK(width_of(text.substr(begin, end - begin)) <= 30);
  CAF_CHECK(text.find("…") != text.npos);
  CAF_CHECK(in_text(x, file).find("is wide") != text.npos);
}

CAF_TEST(a cut never parts a character) {
  CAF_CHECK_EQUAL(cut("Zoë Müller", 10), "Zoë Müller");
  CAF_CHECK_EQUAL(cut("Zoë Müller", 4), "Zoë…");
  CAF_CHECK_EQUAL(cut("ëëëë", 2), "ë…");
  CAF_CHECK_EQUAL(cut("x", 0), "");
  CAF_CHECK_EQUAL(width_of("Zoë"), 3u);
}

CAF_TEST(colours show what a field means and only where they are wanted) {
  auto x = two_nodes();
  CAF_CHECK(in_text(x, colourful).find("\033[1;31mnode-2\033[0m") != std::string::npos);
  CAF_CHECK_EQUAL(in_text(x, narrow).find('\033'), std::string::npos);
}

CAF_TEST(a text of another system does not control the terminal) {
  listing x;
  x.columns = {"figure"};
  x.rows = {{text_field("\033[2Jgone\n")}};
  x.after.push_back({"\xe2\x80\xae reversed"});
  auto text = in_text(x, colourful);
  CAF_CHECK_EQUAL(text.find('\033'), std::string::npos);
  CAF_CHECK_EQUAL(text.find("\xe2\x80\xae"), std::string::npos);
  CAF_CHECK(text.find("\\u001b[2Jgone\\n") != std::string::npos);
}

CAF_TEST(numbers have a comma each three digits) {
  auto text = [](std::int64_t x) { return number_field(x).text; };
  CAF_CHECK_EQUAL(text(0), "0");
  CAF_CHECK_EQUAL(text(999), "999");
  CAF_CHECK_EQUAL(text(1000), "1,000");
  CAF_CHECK_EQUAL(text(-1000), "-1,000");
  CAF_CHECK_EQUAL(text(-100), "-100");
  CAF_CHECK_EQUAL(text(1234567), "1,234,567");
}

CAF_TEST(json has the values by column) {
  auto x = two_nodes();
  x.more["shard"] = 3;
  x.after.push_back({"a note"});
  auto json = in_json(x);
  CAF_CHECK_EQUAL(json["rows"][0]["rows"].get<int>(), 12345);
  CAF_CHECK_EQUAL(json["rows"][1]["node"].get<std::string>(), "node-2");
  CAF_CHECK_EQUAL(json["notes"][0].get<std::string>(), "a note");
  CAF_CHECK_EQUAL(json["shard"].get<int>(), 3);
}
