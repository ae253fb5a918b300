#define CAF_SUITE postgres_stream.transaction_reader
#include "actors/sources/postgres/transaction_reader.hpp"

#include "plans.hpp"
#include "wire_writer.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::postgres;
using namespace millrace::test;

namespace {

const std::vector<wire_column> columns{{"id", true}, {"owner", false}, {"note", false}};
const std::vector<wire_column> all_identify{{"id", true}, {"owner", true}, {"note", true}};

/// A reader of the table public.t (id, owner, note), which is relation 16.
struct bench {
  explicit bench(plan_set of = plans_of(simple_table("t", {"owner", "note"})))
      : plans(std::move(of)), reader(plans) {}

  void see(const std::string& bytes, std::uint64_t at = 0) {
    auto done = reader.read(bytes, lsn{at}, events);
    if (!done)
      CAF_FAIL(done.why().message);
  }
  std::string why(const std::string& bytes, std::uint64_t at = 0) {
    auto done = reader.read(bytes, lsn{at}, events);
    return done ? std::string() : done.why().message;
  }
  void begin(const std::vector<wire_column>& x = columns, char identity = 'd') {
    see(begin_message(1000));
    see(relation_message(16, "public", "t", x, identity));
  }
  template <class T>
  T last() {
    if (events.empty() || !std::holds_alternative<T>(events.back()))
      CAF_FAIL("another event, or none");
    return std::get<T>(events.back());
  }
  row_change change() { return last<row_change>(); }
  std::string trouble() { return last<bad_change>().why; }

  plan_set plans;
  transaction_reader reader;
  std::vector<stream_event> events;
};

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

plan_set routed() { return with_route_by(plans_of(simple_table("t", {"owner", "note"})), "owner"); }

} // namespace

CAF_TEST(a change has the position of its WAL record in its transaction) {
  bench x;
  x.begin();
  x.see(insert_message(16, {"1", "2", "a"}), 500);
  CAF_CHECK(x.change().at == (wal_position{lsn{1000}, lsn{500}}));
  CAF_CHECK_EQUAL(x.change().op, 'c');
  CAF_CHECK_EQUAL(x.change().commit_ms, 946'684'800'000);
  CAF_CHECK(x.change().key == row{std::int64_t{1}});
  CAF_CHECK((*x.change().after == row{std::int64_t{1}, std::string("2"), std::string("a")}));
  x.see(commit_message(1000, 1048));
  CAF_CHECK(x.last<transaction_end>().at == (wal_position{lsn{1000}, lsn{1048}}));
  CAF_CHECK(x.reader.reached() == (wal_position{lsn{1000}, lsn{1048}}));
}

CAF_TEST(rows of one WAL record count on from its LSN) {
  bench x;
  x.begin();
  for (auto id : {"1", "2", "3"})
    x.see(insert_message(16, {id, "2", "a"}), 500);
  CAF_CHECK_EQUAL(x.change().at.place.value, 502u);
  x.see(insert_message(16, {"4", "2", "a"}), 600);
  CAF_CHECK_EQUAL(x.change().at.place.value, 600u);
}

CAF_TEST(rows of a table that no figure reads are skipped and move no other position) {
  bench x;
  x.begin();
  x.see(relation_message(17, "public", "other", columns));
  x.see(insert_message(17, {"1", "2", "a"}), 400);
  CAF_CHECK(x.events.empty());
  CAF_CHECK_EQUAL(x.reader.skipped(), 1u);
  x.see(insert_message(16, {"1", "2", "a"}), 500);
  CAF_CHECK_EQUAL(x.change().at.place.value, 500u);
}

CAF_TEST(an update of the key is a delete and an insert) {
  bench x;
  x.begin();
  x.see(update_message(16, 'K', {"1", std::nullopt, std::nullopt}, {"9", "2", "a"}), 500);
  CAF_REQUIRE_EQUAL(x.events.size(), 2u);
  auto gone = std::get<row_change>(x.events[0]);
  CAF_CHECK_EQUAL(gone.op, 'd');
  CAF_CHECK(gone.key == row{std::int64_t{1}});
  CAF_CHECK_EQUAL(gone.at.place.value, 500u);
  CAF_CHECK(!gone.after);
  CAF_CHECK_EQUAL(x.change().op, 'c');
  CAF_CHECK(x.change().key == row{std::int64_t{9}});
  CAF_CHECK_EQUAL(x.change().at.place.value, 501u);
  CAF_CHECK(!x.change().before);
}

CAF_TEST(an update whose old row has the same key is an update) {
  bench x(routed());
  x.begin(all_identify, 'f');
  x.see(update_message(16, 'O', {"1", "2", "a"}, {"1", "3", "b"}), 500);
  CAF_REQUIRE_EQUAL(x.events.size(), 1u);
  CAF_CHECK_EQUAL(x.change().op, 'u');
  CAF_REQUIRE(x.change().before);
  CAF_CHECK((*x.change().before == row{std::int64_t{1}, std::string("2"), null_value{}}));
}

CAF_TEST(an unchanged long value is that of the old row) {
  bench x;
  x.begin(all_identify, 'f');
  x.see(update_message(16, 'O', {"1", "2", "long"}, {"1", "3", "\1"}), 500);
  CAF_CHECK((*x.change().after == row{std::int64_t{1}, std::string("3"), std::string("long")}));
}

CAF_TEST(an unchanged long value moves with its row to another key) {
  bench x;
  x.begin(all_identify, 'f');
  x.see(update_message(16, 'O', {"1", "2", "long"}, {"7", "3", "\1"}), 500);
  CAF_CHECK_EQUAL(x.change().op, 'c');
  CAF_CHECK((*x.change().after == row{std::int64_t{7}, std::string("3"), std::string("long")}));
}

CAF_TEST(an unchanged long value that no old row has is a bad change) {
  bench x;
  x.begin();
  auto bytes = update_message(16, 0, {}, {"1", "3", "\1"});
  x.see(bytes, 500);
  CAF_CHECK(says(x.trouble(), "public.t: column note: the WAL leaves out its unchanged long value"));
  CAF_CHECK(says(x.trouble(), "ALTER TABLE public.t REPLICA IDENTITY FULL"));
  CAF_CHECK_EQUAL(x.last<bad_change>().message, bytes);
  CAF_CHECK_EQUAL(x.last<bad_change>().at.place.value, 500u);
}

CAF_TEST(an old row that routing needs and the WAL lacks is a bad change) {
  bench x(routed());
  x.begin();
  x.see(update_message(16, 0, {}, {"1", "3", "b"}), 500);
  CAF_CHECK(says(x.trouble(), "the old row is missing, and figures need column owner of it"));
  x.see(delete_message(16, 'K', {"1", std::nullopt, std::nullopt}), 600);
  CAF_CHECK(says(x.trouble(), "REPLICA IDENTITY FULL"));
  x.see(insert_message(16, {"1", "3", "b"}), 700);
  CAF_CHECK_EQUAL(x.change().op, 'c');
}

CAF_TEST(a whole old row whose columns are missing is no whole old row) {
  auto plans = routed();
  plans.tables[0].table.columns[1].not_null = true;
  bench x(std::move(plans));
  x.begin(all_identify, 'f');
  x.see(delete_message(16, 'O', {"1", std::nullopt, std::nullopt}), 500);
  CAF_CHECK(says(x.trouble(), "the old row is missing"));
}

CAF_TEST(a delete without a whole old row has the key alone) {
  bench x;
  x.begin();
  x.see(delete_message(16, 'K', {"1", std::nullopt, std::nullopt}), 500);
  CAF_CHECK_EQUAL(x.change().op, 'd');
  CAF_CHECK(x.change().key == row{std::int64_t{1}});
  CAF_CHECK((*x.change().before == row{std::int64_t{1}, null_value{}, null_value{}}));
}

CAF_TEST(a replica identity without the primary key is a bad change) {
  bench x;
  x.begin({{"id", false}, {"owner", true}, {"note", false}}, 'i');
  x.see(update_message(16, 0, {}, {"1", "2", "b"}), 500);
  CAF_CHECK(says(x.trouble(), "doesn't have all columns of the primary key"));
  x.see(delete_message(16, 'K', {std::nullopt, "2", std::nullopt}), 600);
  CAF_CHECK(says(x.trouble(), "doesn't have all columns of the primary key"));
}

CAF_TEST(a relation that is described again changes the rows after it) {
  bench x;
  x.begin();
  x.see(insert_message(16, {"1", "2", "a"}), 500);
  x.see(
      relation_message(16, "public", "t", {{"note", false}, {"new", false}, {"id", true}, {"owner", false}}));
  x.see(insert_message(16, {"n", "x", "2", "o"}), 600);
  CAF_CHECK((*x.change().after == row{std::int64_t{2}, std::string("o"), std::string("n")}));
  x.see(relation_message(16, "public", "t", {{"id", true}, {"owner", false}}));
  x.see(insert_message(16, {"3", "o"}), 700);
  CAF_CHECK(says(x.trouble(), "public.t: the stream doesn't have column note"));
  x.see(relation_message(16, "public", "renamed", columns));
  auto before = x.events.size();
  x.see(insert_message(16, {"4", "o", "n"}), 800);
  CAF_CHECK_EQUAL(x.events.size(), before);
}

CAF_TEST(a value that is not of its type is a bad change) {
  bench x;
  x.begin();
  x.see(insert_message(16, {"one", "2", "a"}), 500);
  CAF_CHECK(says(x.trouble(), "public.t: column id (bigint): expected an integer, found one"));
  x.see(insert_message(16, {std::nullopt, "2", "a"}), 600);
  CAF_CHECK(says(x.trouble(), "column id of the key is null"));
}

CAF_TEST(a truncate of several tables is one change each) {
  bench x(plans_of({simple_table("t", {"owner", "note"}), simple_table("s", {"owner", "note"})}));
  x.begin();
  x.see(relation_message(17, "public", "other", columns));
  x.see(relation_message(18, "public", "s", columns));
  x.see(truncate_message({16, 17, 18}), 500);
  CAF_REQUIRE_EQUAL(x.events.size(), 2u);
  CAF_CHECK_EQUAL(std::get<row_change>(x.events[0]).at.place.value, 500u);
  CAF_CHECK_EQUAL(x.change().op, 't');
  CAF_CHECK_EQUAL(x.change().table.value, 1u);
  CAF_CHECK_EQUAL(x.change().at.place.value, 502u);
  CAF_CHECK(x.change().key.empty());
}

CAF_TEST(messages are events of their transaction or between two) {
  bench x;
  x.see(log_message_bytes(false, 300, "p", "loose"), 300);
  CAF_CHECK(x.last<log_message>().at == (wal_position{lsn{300}, lsn{0}}));
  x.begin();
  x.see(log_message_bytes(true, 500, "p", "mark"), 500);
  CAF_CHECK_EQUAL(x.last<log_message>().content, "mark");
  CAF_CHECK(says(x.why(log_message_bytes(false, 600, "p", "")), "within a transaction"));
}

CAF_TEST(a message stands before the record that begins where its own ends) {
  bench x;
  x.begin();
  x.see(log_message_bytes(true, 500, "p", "mark"), 500);
  CAF_CHECK(x.last<log_message>().at == (wal_position{lsn{1000}, lsn{499}}));
  x.see(insert_message(16, {"1", "2", "a"}), 500);
  CAF_CHECK_EQUAL(x.change().at.place.value, 500u);
  x.see(log_message_bytes(true, 1000, "p", "last"), 1000);
  CAF_CHECK_EQUAL(x.last<log_message>().at.place.value, 999u);
}

CAF_TEST(messages out of order are errors) {
  CAF_CHECK(says(bench().why(commit_message(5, 6)), "Commit: no transaction has begun"));
  CAF_CHECK(says(bench().why(insert_message(16, {"1"})), "Insert: relation 16 wasn't described"));
  bench x;
  x.see(relation_message(16, "public", "t", columns));
  CAF_CHECK(says(x.why(insert_message(16, {"1", "2", "a"}), 500), "a change outside of a transaction"));
  x.see(begin_message(1000));
  CAF_CHECK(says(x.why(begin_message(2000)), "Begin: within the transaction"));
  CAF_CHECK(says(x.why(insert_message(16, {"1"}), 500), "a row of 1 columns, and its relation has 3"));
  CAF_CHECK(says(x.why(insert_message(16, {"1", "2", "a"}), 1000), "isn't before its commit"));
  CAF_CHECK(says(x.why(commit_message(999, 1048)), "isn't the end of the transaction"));
  x.see(commit_message(1000, 1048));
  CAF_CHECK(says(x.why(begin_message(900)), "doesn't come after"));
}
