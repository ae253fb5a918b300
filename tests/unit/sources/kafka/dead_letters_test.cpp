#define CAF_SUITE kafka.dead_letters
#include "actors/sources/kafka/dead_letters.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::kafka;

namespace {

const kafka::topic_partition orders{"p.public.orders", {3}};
const kafka::topic_partition letters{"shop.dead-letters", {0}};

kafka::outgoing letter(std::int64_t offset) {
  return make_dead_letter("shop.dead-letters", orders, {offset}, "public.orders", "key", std::nullopt,
                          "not JSON", 99);
}

} // namespace

CAF_TEST(a letter keeps the record untouched and says where it is from) {
  auto x = letter(8812);
  CAF_CHECK_EQUAL(x.topic, "shop.dead-letters");
  CAF_CHECK(x.key == "key");
  CAF_CHECK(!x.payload);
  letter_book book;
  book.add(letters, {5}, x.headers, 7);
  auto& open = book.open().at("p.public.orders/3/8812");
  CAF_CHECK(open.from == orders);
  CAF_CHECK_EQUAL(open.offset.value, 8812);
  CAF_CHECK_EQUAL(open.error, "not JSON");
  CAF_CHECK_EQUAL(open.table, "public.orders");
  CAF_CHECK_EQUAL(open.at_ms, 99);
  CAF_CHECK_EQUAL(open.stored.value, 5);
}

CAF_TEST(a letter of a large record holds a part of it and says how long it was) {
  auto large = std::string(42 << 20, 'x');
  auto x = make_dead_letter("shop.dead-letters", orders, {1}, "public.orders", "key", large, large, 99);
  CAF_CHECK(x.key == "key");
  CAF_CHECK_EQUAL(x.payload->size(), longest_letter_payload);
  std::map<std::string, std::string> headers(x.headers.begin(), x.headers.end());
  CAF_CHECK_EQUAL(headers["millrace.bytes"], std::to_string(large.size() + 3));
  CAF_CHECK_EQUAL(headers["millrace.error"].size(), longest_letter_error);
  x = make_dead_letter("shop.dead-letters", orders, {1}, "public.orders", large, "payload", "why", 99);
  CAF_CHECK(!x.key);
  CAF_CHECK(x.payload == "payload");
}

CAF_TEST(a letter is open until a later record resolves it) {
  letter_book book;
  book.add(letters, {0}, letter(1).headers, 7);
  book.add(letters, {1}, letter(2).headers, 7);
  CAF_CHECK(book.by_table().at("public.orders") == 2);
  auto resolution =
      make_resolution("shop.dead-letters", book.open().at("p.public.orders/3/1"), "replayed", 100);
  CAF_CHECK(resolution.partition == partition_id{0});
  book.add(letters, {2}, resolution.headers, 7);
  CAF_CHECK_EQUAL(book.open().size(), 1u);
  CAF_MESSAGE("a rebuild meets the record again: resolved it stays");
  book.add(letters, {3}, letter(1).headers, 7);
  CAF_CHECK_EQUAL(book.open().size(), 1u);
  CAF_MESSAGE("another record stands there in a topic made anew: that one is open");
  book.add(letters, {4}, letter(1).headers, 8);
  CAF_CHECK_EQUAL(book.open().size(), 2u);
}

CAF_TEST(the same record written twice is one letter) {
  letter_book book;
  book.add(letters, {0}, letter(1).headers, 7);
  book.add(letters, {1}, letter(1).headers, 7);
  CAF_CHECK_EQUAL(book.open().size(), 1u);
}

CAF_TEST(a record that is no letter is counted) {
  letter_book book;
  book.add(letters, {0}, {{"other", "x"}}, 7);
  book.add(letters, {1}, {{"millrace.topic", "t"}, {"millrace.partition", "0"}, {"millrace.offset", "many"}},
           7);
  CAF_CHECK_EQUAL(book.strangers(), 2);
  CAF_CHECK(book.open().empty());
}

CAF_TEST(letters beyond the bound are counted and a read of their table resolves them) {
  letter_book book(2);
  for (std::int64_t i = 0; i < 5; ++i)
    book.add(letters, {i}, letter(i).headers, 7);
  CAF_CHECK_EQUAL(book.open().size(), 2u);
  CAF_CHECK_EQUAL(book.by_table().at("public.orders"), 5);
  auto others = make_table_resolution(letters, {5}, "public.customers", "read again", 100);
  book.add(letters, {5}, others.headers, 7);
  CAF_CHECK_EQUAL(book.by_table().at("public.orders"), 5);
  CAF_MESSAGE("a letter that was written during the read stays open");
  book.add(letters, {6}, make_table_resolution(letters, {4}, "public.orders", "read again", 100).headers, 7);
  CAF_CHECK_EQUAL(book.by_table().at("public.orders"), 1);
  CAF_CHECK(book.open().empty());
  CAF_CHECK_EQUAL(book.strangers(), 0);
}

CAF_TEST(letters that Kafka has deleted are not open) {
  letter_book book(2);
  for (std::int64_t i = 0; i < 4; ++i)
    book.add(letters, {i}, letter(i).headers, 7);
  book.forget(letters, {3});
  CAF_CHECK(book.open().empty());
  CAF_CHECK_EQUAL(book.by_table().at("public.orders"), 1);
}

CAF_TEST(an origin names the partition of the record) {
  CAF_CHECK(partition_in("p.public.orders/3/8812") == orders);
  CAF_CHECK(partition_in("a/b/3/8812") == (topic_partition{"a/b", {3}}));
  for (auto none : {"", "/", "orders", "orders/3", "orders/x/1", "orders//1"})
    if (partition_in(none))
      CAF_ERROR(none);
}
