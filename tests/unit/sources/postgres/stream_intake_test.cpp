#define CAF_SUITE postgres_stream.intake
#include "actors/sources/postgres/stream_intake.hpp"

#include "actors/sources/postgres/positions.hpp"
#include "tests/unit/small_shop.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::postgres;
using namespace millrace::test;

namespace {

constexpr std::uint16_t shards = 1;

wal_position at(std::uint64_t commit, std::uint64_t place) { return {lsn{commit}, lsn{place}}; }

row_change customer_change(char op, wal_position at, std::int64_t id) {
  row_change out;
  out.op = op;
  out.table = table_named("customers");
  out.at = at;
  out.commit_ms = 7;
  if (op != 't')
    out.key = {value{id}};
  if (op == 'c' || op == 'u')
    out.after = customer(id, "Ada", "SP");
  return out;
}

struct fixture {
  stream_intake x{small_shop(), shards};

  std::optional<taken> cut(wal_position reached) { return x.cut(reached, 99, 5); }
  /// Returns the ages of the piece's changes in the customers' cell.
  std::vector<std::uint64_t> ages(wal_position reached) {
    std::vector<std::uint64_t> out;
    for (auto each : cut(reached)->changes.at({shard_id{0}, entity_of("customers")}))
      out.push_back(each.at.value);
    return out;
  }
};

using numbers = std::vector<std::uint64_t>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(intake_tests, fixture)

CAF_TEST(a piece is complete up to where it was cut) {
  x.begin(nowhere);
  x.add(customer_change('c', at(100, 50), 1));
  x.add(transaction_end{at(100, 140), 7, 3});
  auto piece = cut(at(100, 140));
  CAF_REQUIRE(piece);
  CAF_CHECK(piece->source == the_stream);
  CAF_CHECK(piece->last == position_of(at(100, 140)));
  CAF_CHECK(piece->seen == (stamp{piece->last, 99}));
  CAF_CHECK_EQUAL(piece->records, 1);
  CAF_CHECK_EQUAL(piece->newest_commit_ms, 7);
  CAF_CHECK_EQUAL(piece->read_ms, 5);
  CAF_CHECK(!cut(at(100, 140))); // nothing new
  auto quiet = cut(at(500, 0));
  CAF_REQUIRE(quiet);
  CAF_CHECK(quiet->changes.empty());
  CAF_CHECK_EQUAL(quiet->records, 0);
}

CAF_TEST(what was given is left out when it comes again) {
  x.begin(position_of(at(100, 50)));
  x.add(customer_change('c', at(100, 50), 1));
  x.add(customer_change('c', at(100, 60), 2));
  x.add(bad_change{table_named("orders"), at(100, 50), 7, "why", "x"});
  auto piece = cut(at(100, 140));
  CAF_REQUIRE(piece);
  CAF_CHECK_EQUAL(piece->records, 1);
  CAF_CHECK(piece->bad.empty());
}

CAF_TEST(a truncate is younger than what came before it in its transaction) {
  x.begin(nowhere);
  for (auto& each : {customer_change('c', at(100, 50), 1), customer_change('t', at(100, 60), 0),
                     customer_change('c', at(100, 70), 2), customer_change('t', at(100, 80), 0)})
    x.add(each);
  CAF_CHECK_EQUAL(ages(at(100, 90)), (numbers{100, 101, 101, 102}));
  x.add(customer_change('c', at(100, 95), 3)); // the same transaction in another piece
  CAF_CHECK_EQUAL(ages(at(100, 140)), (numbers{102}));
  x.add(customer_change('c', at(200, 150), 4));
  CAF_CHECK_EQUAL(ages(at(200, 240)), (numbers{200}));
}

CAF_TEST(a transaction that comes again has the same ages) {
  x.begin(nowhere);
  x.add(customer_change('c', at(100, 50), 1));
  x.add(customer_change('t', at(100, 60), 0));
  CAF_CHECK_EQUAL(ages(at(100, 60)), (numbers{100, 101}));
  x.add(customer_change('c', at(100, 50), 1));
  x.add(customer_change('t', at(100, 60), 0));
  x.add(customer_change('c', at(100, 70), 2));
  CAF_CHECK_EQUAL(ages(at(100, 140)), (numbers{101}));
}

CAF_TEST(however many truncates a transaction has it ends before the next commit) {
  x.begin(nowhere);
  for (std::uint64_t i = 0; i < 100; ++i)
    x.add(customer_change('t', at(1000, 10 + i), 0));
  CAF_CHECK_EQUAL(ages(at(1000, 1100)).back(), 1031u);
}

CAF_TEST(a bad record has its message as text) {
  x.begin(nowhere);
  x.add(bad_change{table_named("orders"), at(100, 50), 7, "why", std::string("U\0\xff\\a", 5)});
  auto piece = cut(at(100, 60));
  CAF_REQUIRE_EQUAL(piece->bad.size(), 1u);
  CAF_CHECK_EQUAL(std::string{*piece->bad[0].payload}, "U\\x00\\xff\\x5ca");
  CAF_CHECK_EQUAL(std::string{piece->bad[0].why}, "why");
  CAF_CHECK(piece->bad[0].at == position_of(at(100, 50)));
}

CAF_TEST_FIXTURE_SCOPE_END()
