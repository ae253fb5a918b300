#define CAF_SUITE postgres_stream.log_check
#include "actors/sources/postgres/log_check.hpp"

#include "actors/sources/postgres/positions.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::postgres;

namespace {

struct fixture {
  fixture() {
    log.server = {"7001", 2, lsn{900}};
    log.database = "shop";
    log.slot = "s";
    log.found.emplace();
    log.found->plugin = "pgoutput";
    log.found->database = "shop";
    log.found->restart = lsn{100};
    log.found->confirmed_flush = lsn{500};
    log.found->reader = 17; // a walsender that is left of the node before
    ledger.lowest = position_of({lsn{480}, lsn{500}});
    ledger.highest = position_of({lsn{700}, lsn{600}});
    ledger.newest = {ledger.highest, identity_of(log.server, "shop")};
  }
  std::string why() const { return why_another_log(log, ledger).value_or(""); }
  bool says(const std::string& part) const { return why().find(part) != std::string::npos; }

  log_facts log;
  ledger_extent ledger;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(log_check_tests, fixture)

CAF_TEST(a ledger between the slot and the WAL of the server is of this log) { CAF_CHECK_EQUAL(why(), ""); }

CAF_TEST(a ledger that has nothing yet is of any log) {
  ledger = {};
  log.found.reset();
  CAF_CHECK_EQUAL(why(), "");
}

CAF_TEST(another server is named) {
  log.server.system = "7002";
  CAF_CHECK(says("7002"));
}

CAF_TEST(another timeline is named) {
  log.server.timeline = 3;
  CAF_CHECK(says("timeline 3"));
  CAF_CHECK(says("timeline 2"));
  CAF_CHECK(!says("system identifier"));
}

CAF_TEST(a server that went back is named) {
  log.server.flushed = lsn{699};
  CAF_CHECK(says("earlier time"));
}

CAF_TEST(a slot that is gone or lost WAL is named) {
  log.found->wal_status = "lost";
  CAF_CHECK(says("lost WAL"));
  log.found.reset();
  CAF_CHECK(says("doesn't exist"));
}

CAF_TEST(a slot that was moved past the slowest cell is named) {
  log.found->confirmed_flush = lsn{501};
  CAF_CHECK(says("created again"));
  ledger.lowest = nowhere;
  CAF_CHECK(says("created again"));
}

CAF_TEST_FIXTURE_SCOPE_END()
