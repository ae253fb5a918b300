#define CAF_SUITE cell.state_block
#include "actors/cell/state_block.hpp"

#include "tests/unit/random_source.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

constexpr std::uint64_t ours = 0xfedcba9876543210U;
const route_id orders{0}, customers{7};

void put(row_table& into, route_id route, std::string_view key, std::string_view kept, std::uint64_t at,
         std::vector<place_mark> marks = {}) {
  auto& x = into.put(route, key, kept, marks.size());
  x.at = lsn{at};
  std::copy(marks.begin(), marks.end(), x.marks().begin());
}

row_table some_rows() {
  row_table out;
  put(out, orders, "one", "kept one", 100);
  put(out, orders, {"t\0wo", 4}, "", ~std::uint64_t{0});
  put(out, customers, "", std::string(70'000, 'x'), 0, {{~std::uint64_t{0}, -1}, {0, 1'700'000'000}});
  out.bar(customers, lsn{50});
  return out;
}

/// Everything there is to know of a table, to compare.
std::string picture(const row_table& x) {
  std::map<row_name, std::string> sorted;
  x.each([&](route_id route, const stored_row& row) {
    auto& text = sorted[{route, std::string(row.key())}];
    text = std::string(row.kept()) + " @" + std::to_string(row.at.value);
    for (auto& mark : row.marks())
      text += " " + std::to_string(mark.fingerprint) + "/" + std::to_string(mark.written);
  });
  std::string out;
  for (auto& [name, text] : sorted)
    out += std::to_string(name.route.value) + "[" + name.key + "] " + text + "\n";
  for (auto& [route, bar] : x.bars())
    out += std::to_string(route.value) + " barred before " + std::to_string(bar.value) + "\n";
  return out;
}

/// All figures of the cell are live, or none.
const live_figures every{true, {}}, none;

/// A block of all rows.
std::string whole_block(const row_table& x, const live_figures& live = every) {
  block_rows all;
  x.each([&](route_id route, stored_row& row) { all.there.push_back({route, &row}); });
  return pack_block(ours, live, all, x.bars());
}

bool corrupt(const result<applied_block>& x, const std::string& word) {
  return !x && x.why().code == errc::corrupt && x.why().message.find(word) != std::string::npos;
}

} // namespace

CAF_TEST(a block brings reads under way back and the next one tells what was removed since) {
  row_table rows, back;
  const route_id route{0};
  rows.reads().begin(route, {60});
  rows.reads().removed(route, "k", {70});
  CAF_REQUIRE(apply_block(ours, pack_block(ours, every, rows.take_changes(), rows.bars()), back));
  CAF_CHECK(back.reads().removed_since(route, "k", {60}));
  CAF_CHECK(!back.reads().removed_since(route, "k", {71}));
  rows.reads().removed(route, "m", {80});
  CAF_REQUIRE(apply_block(ours, pack_block(ours, every, rows.take_changes(), rows.bars()), back));
  CAF_CHECK(back.reads().removed_since(route, "m", {60}));
  CAF_CHECK(back.reads().removed_since(route, "k", {60}));
  rows.reads().end(route, {60});
  CAF_REQUIRE(apply_block(ours, pack_block(ours, every, rows.take_changes(), rows.bars()), back));
  CAF_CHECK(!back.reads().under_way(route));
}

CAF_TEST(a block brings every row and every bar back) {
  auto rows = some_rows();
  row_table back;
  auto applied = apply_block(ours, whole_block(rows), back);
  CAF_REQUIRE(applied);
  CAF_CHECK(applied->live == every);
  CAF_CHECK_EQUAL(picture(back), picture(rows));
}

CAF_TEST(a block tells whether the cell was live) {
  row_table rows;
  auto applied = apply_block(ours, whole_block({}, none), rows);
  CAF_REQUIRE(applied);
  CAF_CHECK(applied->live == none);
}

CAF_TEST(a row that is no longer there is removed) {
  auto rows = some_rows();
  auto back = some_rows();
  rows.erase({orders, "one"});
  CAF_REQUIRE(apply_block(ours, pack_block(ours, every, rows.take_changes(), rows.bars()), back));
  CAF_CHECK_EQUAL(picture(back), picture(rows));
}

CAF_TEST(a block that is applied twice changes nothing) {
  auto rows = some_rows();
  row_table back;
  auto block = whole_block(rows);
  CAF_REQUIRE(apply_block(ours, block, back));
  auto once = picture(back);
  CAF_REQUIRE(apply_block(ours, block, back));
  CAF_CHECK_EQUAL(picture(back), once);
}

CAF_TEST(a block of other figures is refused) {
  row_table rows;
  CAF_CHECK(corrupt(apply_block(ours + 1, whole_block(some_rows()), rows), "figures"));
}

CAF_TEST(a block of another format is refused by its number) {
  auto block = whole_block(some_rows());
  block[1] = 9; // [format, ...
  row_table rows;
  CAF_CHECK(corrupt(apply_block(ours, block, rows), "format 9"));
}

CAF_TEST(text that is no block is refused) {
  row_table rows;
  for (auto text : {"", "x", "\x95", "\x91\x01", "{\"a\":1}"})
    CAF_CHECK(corrupt(apply_block(ours, text, rows), "state block"));
}

CAF_TEST(a block that claims more entries than it has bytes takes no memory for them) {
  row_table rows;
  for (auto text : {"\x95\xdd\xff\xff\xff\xff", "\x95\xdd\x01\xff\xff\xff"}) // a list of 2^32, of 2^25
    CAF_CHECK(corrupt(apply_block(ours, text, rows), "size overflow"));
}

CAF_TEST(a damaged block is refused or read but never followed out of its bytes) {
  auto rows = some_rows();
  put(rows, customers, "", "short", 0, {{~std::uint64_t{0}, -1}, {0, 1'700'000'000}});
  auto whole = whole_block(rows);
  test::random_source dice;
  CAF_MESSAGE("seed " << dice.seed());
  std::size_t refused = 0;
  for (std::size_t i = 0; i < test::cases(20'000); ++i) {
    auto block = whole.substr(0, dice.one_in(2) ? whole.size() : dice.below(whole.size()));
    for (auto n = dice.below(4); n > 0 && !block.empty(); --n)
      block[dice.below(block.size())] = static_cast<char>(dice.bits());
    row_table back;
    auto read = apply_block(ours, block, back);
    if (!read) {
      ++refused;
      CAF_REQUIRE(read.why().code == errc::corrupt);
    }
  }
  CAF_CHECK(refused > 0);
}
