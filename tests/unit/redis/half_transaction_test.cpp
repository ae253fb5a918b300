#define CAF_SUITE redis.half_transaction
#include "tests/unit/redis/fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// EXEC as the append-only file has it ends a transaction with so many bytes.
constexpr std::uintmax_t half_of_exec = 8;

struct crashing {
  redis_server server;
  store_fixture f{one_table({figure_plan{}}), server};

  cell_ledger flush(const std::string& block) {
    auto next = f.next(f.claim(cell(0)));
    next.block = block;
    must(f.store.flush({next}, tick_seconds{0}));
    return f.claim(cell(0));
  }
  void start_again() {
    server.kill();
    server.start();
    f.reconnect();
  }
  bool rewrites() {
    auto info = f.text({"INFO", "persistence"});
    return info.find("aof_rewrite_in_progress:1") != info.npos
           || info.find("aof_rewrite_scheduled:1") != info.npos;
  }
  void wait_for_rewrite() {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (rewrites() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  /// The last transaction lost its end in a crash.
  void lose_exec() {
    auto size = server.file_size();
    server.kill();
    server.cut(size - half_of_exec);
    server.start();
    f.reconnect();
  }
};

} // namespace

CAF_TEST(half a transaction that a crash left in the file never runs) {
  crashing x;
  must(x.f.store.server());
  x.f.ask({"DEL", "millrace:shop:server"}); // as a ledger that begins again does
  x.flush("one");
  auto flush = x.f.next(x.f.claim(cell(0)));
  flush.block = "lost";
  must(x.f.store.flush({flush}, tick_seconds{0}));
  x.lose_exec();
  must(x.f.store.server());
  x.wait_for_rewrite();
  CAF_REQUIRE_EQUAL(x.f.claim(cell(0)).blocks.size(), 1u);
  x.flush("two");
  x.start_again();
  auto ledger = x.f.claim(cell(0));
  CAF_CHECK(!ledger.lost);
  CAF_CHECK(ledger.blocks == (std::vector<std::string>{"one", "two"}));
}

CAF_TEST(half a transaction that ran is noticed by the length of the log) {
  crashing x;
  x.flush("one");
  auto flush = x.f.next(x.f.claim(cell(0)));
  flush.block = "lost";
  must(x.f.store.flush({flush}, tick_seconds{0}));
  x.lose_exec();
  x.flush("two");
  x.start_again();
  CAF_CHECK(x.f.claim(cell(0)).lost);
}

CAF_TEST(a user who may not ask for a rewrite of the file is told which right is missing) {
  crashing x;
  x.f.ask({"ACL", "SETUSER", "default", "-bgrewriteaof"});
  must(x.f.store.server());
  x.start_again();
  x.f.ask({"ACL", "SETUSER", "default", "-bgrewriteaof"}); // not in a file
  auto found = redis::judge(must(x.f.store.server()));
  CAF_REQUIRE_EQUAL(found.size(), 1u);
  CAF_CHECK(found[0].what.find("ACL SETUSER default +bgrewriteaof") != std::string::npos);
  CAF_CHECK_EQUAL(redis::judge(must(x.f.store.server())).size(), 1u); // it is said until it is done
  x.f.ask({"ACL", "SETUSER", "default", "+bgrewriteaof"});
  x.f.ask({"BGREWRITEAOF"});
  x.wait_for_rewrite();
  x.f.ask({"ACL", "SETUSER", "default", "-bgrewriteaof"});
  CAF_CHECK(redis::judge(must(x.f.store.server())).empty()); // by whomever
}

CAF_TEST(places of a figure whose rows are lost go by what its template could give) {
  figure_plan keyed;
  keyed.place.what = target_kind::json;
  keyed.place.key.pieces = {{"t:", {}}, {"", std::uint16_t{0}}};
  keyed.outputs.resize(1);
  keyed.outputs[0].type = postgres::column_type::integer;
  store_fixture f;
  redis::project_format format{"1", 7, 32, "{}", "db", "live", "{}"};
  format.life = "first";
  must(f.store.set_format(format));
  for (auto key : {"t:1", "t:-22", "t:x", "t:1:more", "other"})
    f.ask({"SET", key, "1"});
  auto other = f.store.remove_places(keyed, "before");
  CAF_CHECK(!other && other.why().code == errc::fenced);
  must(f.store.remove_places(keyed, "first"));
  CAF_CHECK(f.keys("t:*") == (std::set<std::string>{"t:x", "t:1:more"}));
  CAF_CHECK_EQUAL(f.text({"EXISTS", "other"}), "1");
  keyed.place.key.pieces = {{"other", {}}};
  must(f.store.remove_places(keyed, "first"));
  CAF_CHECK_EQUAL(f.text({"EXISTS", "other"}), "0");
}
