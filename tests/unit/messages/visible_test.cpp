#define CAF_SUITE messages.visible
#include "messages/visible.hpp"

#include "tests/unit/random_source.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

CAF_TEST(what ends a line or commands a terminal is written out) {
  CAF_CHECK_EQUAL(visible("x\n\\! id"), "x\\n\\! id");
  CAF_CHECK_EQUAL(visible("a\tb\rc"), "a\\tb\\rc");
  CAF_CHECK_EQUAL(visible("\x1b]0;title\x07"), "\\u001b]0;title\\u0007");
  CAF_CHECK_EQUAL(visible(std::string("a\0b", 3)), "a\\u0000b");
  CAF_CHECK_EQUAL(visible("\x7f"), "\\u007f");
  CAF_CHECK_EQUAL(visible("\u0085\u009b31m"), "\\u0085\\u009b31m");
}

CAF_TEST(line separators and what turns the direction of writing are written out) {
  CAF_CHECK_EQUAL(visible("a\u2028b\u2029c"), "a\\u2028b\\u2029c");
  for (auto x : {"\u061c", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066",
                 "\u2067", "\u2068", "\u2069", "\ufeff"})
    CAF_CHECK_EQUAL(visible(x).substr(0, 2), "\\u");
}

CAF_TEST(names of all languages stay) {
  for (std::string x : {"orders", "Größe in m²", "注文", "😀", "a\\b", "\"quoted\"", "پژوهش\u200cها", ""})
    CAF_CHECK_EQUAL(visible(x), x);
}

CAF_TEST(bytes of no character are written out) {
  CAF_CHECK_EQUAL(visible("a\xff"
                          "b"),
                  "a\\xffb");
  CAF_CHECK_EQUAL(visible("\xc3"), "\\xc3");
  CAF_CHECK_EQUAL(visible("\xc0\x8a"), "\\xc0\\x8a");          // an overlong newline
  CAF_CHECK_EQUAL(visible("\xed\xa0\x80"), "\\xed\\xa0\\x80"); // half a surrogate pair
  CAF_CHECK_EQUAL(visible("\x9b"
                          "31m"),
                  "\\x9b31m"); // C1 as Latin-1 has it
}

CAF_TEST(lines of our own keep their newlines and tabs) {
  CAF_CHECK_EQUAL(visible_lines("a\n\tb\r\x1b[2J\n"), "a\n\tb\\r\\u001b[2J\n");
}

CAF_TEST(what is visible stays what it is and says so) {
  test::random_source dice{4711};
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (auto left = dice.below(12); left > 0; --left)
      text +=
          dice.below(2) ? static_cast<char>(dice.below(256)) : "\u202e\n\xc2\x9b\xe2\x80\xa8"[dice.below(9)];
    auto once = visible(text);
    CAF_REQUIRE_EQUAL(visible(once), once);
    CAF_REQUIRE(!has_controls(once));
    CAF_REQUIRE_EQUAL(has_controls(text), once != text);
    CAF_REQUIRE_EQUAL(invalid_utf8(once), std::string::npos);
  }
}
