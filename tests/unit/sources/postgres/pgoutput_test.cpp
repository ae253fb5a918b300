#define CAF_SUITE postgres_stream.pgoutput
#include "actors/sources/postgres/pgoutput.hpp"

#include "tests/unit/case_seed.hpp"
#include "tests/unit/random_source.hpp"
#include "wire_writer.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::postgres;
using namespace millrace::test;
namespace pg = millrace::postgres::pgoutput;

namespace {

/// Keeps the bytes that a message refers to.
struct bench {
  template <class T>
  T read(std::string x) {
    bytes = std::move(x);
    auto got = reader.read(bytes);
    if (!got)
      CAF_FAIL(got.why().message);
    if (!std::holds_alternative<T>(*got))
      CAF_FAIL("another message: " << got->index());
    return std::get<T>(*got);
  }
  std::string why(std::string x) {
    bytes = std::move(x);
    auto got = reader.read(bytes);
    return got ? std::string() : got.why().message;
  }
  std::string bytes;
  pg::reader reader;
};

std::string shown(const pg::tuple& x) {
  std::string out;
  for (auto& each : x)
    out += (out.empty() ? "" : ",")
           + (each.what == pg::field::kind::null        ? std::string("null")
              : each.what == pg::field::kind::unchanged ? std::string("unchanged")
                                                        : std::string(each.content));
  return out;
}

} // namespace

CAF_TEST(a transaction begins with its commit and its time) {
  bench x;
  auto begun = x.read<pg::begin>(begin_message(0x100000002, 1'000'000));
  CAF_CHECK_EQUAL(begun.commit.value, 0x100000002u);
  CAF_CHECK_EQUAL(begun.committed.time_since_epoch().count(), 946'684'801'000'000);
  CAF_CHECK_EQUAL(begun.xid, 7u);
  auto ended = x.read<pg::commit>(commit_message(5, 9));
  CAF_CHECK_EQUAL(ended.at.value, 5u);
  CAF_CHECK_EQUAL(ended.end.value, 9u);
}

CAF_TEST(a relation says which columns identify a row) {
  bench x;
  auto got = x.read<pg::relation>(relation_message(16, "", "t", {{"id", true}, {"n", false}}, 'i'));
  CAF_CHECK_EQUAL(std::string(got.schema), "pg_catalog");
  CAF_CHECK_EQUAL(std::string(got.name), "t");
  CAF_CHECK_EQUAL(got.identity, 'i');
  CAF_REQUIRE_EQUAL(got.columns.size(), 2u);
  CAF_CHECK(got.columns[0].identity);
  CAF_CHECK(!got.columns[1].identity);
  CAF_CHECK_EQUAL(got.columns[1].modifier, -1);
}

CAF_TEST(rows have nulls and texts and unchanged values) {
  bench x;
  CAF_CHECK_EQUAL(shown(x.read<pg::insert>(insert_message(1, {"e", std::nullopt, "\1", "", "a"})).fresh),
                  "e,null,unchanged,,a");
  auto plain = x.read<pg::update>(update_message(1, 0, {}, {"b"}));
  CAF_CHECK(!plain.old);
  auto keyed = x.read<pg::update>(update_message(1, 'K', {"a"}, {"b"}));
  CAF_REQUIRE(keyed.old);
  CAF_CHECK(!keyed.old->whole);
  CAF_CHECK_EQUAL(shown(keyed.old->fields), "a");
  CAF_CHECK_EQUAL(shown(keyed.fresh), "b");
  auto gone = x.read<pg::remove>(delete_message(1, 'O', {"a"}));
  CAF_CHECK(gone.old.whole);
}

CAF_TEST(a truncate names its relations and its options) {
  bench x;
  auto got = x.read<pg::truncate>(truncate_message({3, 4}, 2));
  CAF_REQUIRE_EQUAL(got.relations.size(), 2u);
  CAF_CHECK_EQUAL(got.relations[1].value, 4u);
  CAF_CHECK(!got.cascade);
  CAF_CHECK(got.restart_identity);
}

CAF_TEST(origins and types and messages are read) {
  bench x;
  CAF_CHECK_EQUAL(std::string(x.read<pg::origin>(wire_writer().u8('O').u64(5).text("there")).name), "there");
  CAF_CHECK_EQUAL(std::string(x.read<pg::type>(wire_writer().u8('Y').u32(9).text("s").text("mood")).name),
                  "mood");
  auto got = x.read<pg::message>(log_message_bytes(true, 4, "p", std::string("a\0b", 3)));
  CAF_CHECK(got.transactional);
  CAF_CHECK_EQUAL(std::string(got.content), std::string("a\0b", 3));
}

CAF_TEST(an error names the message and the offset) {
  bench x;
  CAF_CHECK_EQUAL(x.why(""), "pgoutput at byte 0: it needs 1 bytes, and has 0");
  CAF_CHECK_EQUAL(x.why("X"), "pgoutput at byte 1: a message that protocol 1 doesn't have");
  CAF_CHECK_EQUAL(x.why(begin_message(1).substr(0, 12)), "Begin at byte 9: it needs 8 bytes, and has 3");
  CAF_CHECK_EQUAL(x.why(insert_message(1, {"abc"}) + "x"),
                  "Insert at byte 16: it goes on for 1 bytes after its end");
  CAF_CHECK_EQUAL(x.why(wire_writer().u8('I').u32(1).u8('N').u16(1).u8('t').u32(0xffffffff)),
                  "Insert at byte 13: it needs 4294967295 bytes, and has 0");
  CAF_CHECK_EQUAL(x.why(wire_writer().u8('I').u32(1).u8('N').u16(1).u8('b').u32(0)),
                  "Insert at byte 9: a binary value, which wasn't asked for");
  CAF_CHECK_EQUAL(x.why(wire_writer().u8('T').u32(0x40000000).u8(0).u32(1)),
                  "Truncate at byte 6: a TRUNCATE of 1073741824 relations");
  CAF_CHECK_EQUAL(x.why(wire_writer().u8('I').u32(1).u8('N').u16(65535)),
                  "Insert at byte 8: a row of 65535 columns");
}

CAF_TEST(every message that is cut short is an error) {
  bench x;
  for (auto& each : one_of_each()) {
    CAF_CHECK_EQUAL(x.why(each), "");
    for (std::size_t size = 0; size < each.size(); ++size)
      CAF_CHECK(!x.why(each.substr(0, size)).empty());
  }
}

CAF_TEST(a changed message is read or is an error) {
  random_source random;
  auto all = one_of_each();
  for (std::size_t i = 0; i < cases(200'000); ++i) {
    random_source of_case(random.bits());
    case_seed seed(of_case.seed());
    auto bytes = of_case.of(all);
    for (auto n = 1 + of_case.below(4); n > 0; --n) {
      auto at = of_case.below(bytes.size());
      if (of_case.one_in(4))
        bytes.erase(at, 1 + of_case.below(4));
      else if (of_case.one_in(4))
        bytes.insert(at, of_case.of(all).substr(0, 8));
      else
        bytes[at] = of_case.one_in(3) ? '\xff' : static_cast<char>(of_case.bits());
      if (bytes.empty())
        bytes = "B";
    }
    pg::reader reader;
    auto got = reader.read(bytes);
    if (!got && got.why().message.find(" at byte ") == std::string::npos)
      CAF_FAIL(got.why().message);
    seed.passed = true;
  }
}
