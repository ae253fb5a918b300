#define CAF_SUITE postgres_stream.stream_check
#include "actors/sources/postgres/stream_check.hpp"

#include "stream_database.hpp"

#include <set>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::postgres;
using namespace millrace::test;

namespace {

constexpr auto items = "CREATE TABLE items (id bigint PRIMARY KEY, owner int, note text)";

std::vector<problem> found(session& db, const plan_set& plans, const std::string& slot,
                           const std::string& publication = "p") {
  return *must(look_for_problems(db, {slot, publication, &plans}));
}

bool has(const std::vector<problem>& all, trouble what, const std::string& mend) {
  return std::any_of(all.begin(), all.end(),
                     [&](auto& x) { return x.what == what && x.mend.find(mend) != x.mend.npos; });
}

/// A server that answers every login with one error, as a pooler does.
class refusing_server {
 public:
  explicit refusing_server(const std::string& message)
      : port_(19480), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), message_(message) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port_.number());
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int yes = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || ::listen(socket_, 4) != 0)
      throw std::runtime_error("can't listen");
    thread_ = std::thread([this] { serve(); });
  }
  ~refusing_server() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  std::uint16_t port() const { return port_.number(); }

 private:
  void serve() {
    for (int to; (to = ::accept(socket_, nullptr, nullptr)) >= 0; ::close(to)) {
      char login[1024];
      if (::read(to, login, sizeof login) <= 0)
        continue;
      std::string fields = std::string("SFATAL\0C08P01\0M", 15) + message_ + std::string(2, '\0');
      auto size = static_cast<std::uint32_t>(fields.size() + 4);
      std::string answer = "E";
      for (int shift = 24; shift >= 0; shift -= 8)
        answer += static_cast<char>(size >> shift);
      answer += fields;
      if (::write(to, answer.data(), answer.size()) < 0)
        continue;
    }
  }

  test_port port_;
  int socket_;
  std::string message_;
  std::thread thread_;
};

} // namespace

CAF_TEST(a database that is ready has no problems) {
  stream_database x("ready", items);
  CAF_CHECK(found(x.db(), x.plans(), x.slot()).empty());
  CAF_CHECK(found(x.db(), x.plans(), "to be created").empty());
}

CAF_TEST(each thing that a publication leaves out is named with the statement that mends it) {
  stream_database x("publications", items + std::string("; CREATE TABLE more (id int PRIMARY KEY)"));
  x.run("CREATE PUBLICATION filtering FOR TABLE items WHERE (id > 1), more;"
        "CREATE PUBLICATION hiding FOR TABLE items (id, note), more;"
        "CREATE PUBLICATION inserting FOR ALL TABLES WITH (publish = 'insert');"
        "CREATE PUBLICATION one FOR TABLE items");
  auto of = [&](const std::string& name) { return found(x.db(), x.plans(), x.slot(), name); };
  CAF_CHECK(has(of("absent"), trouble::publication_missing, "CREATE PUBLICATION absent"));
  CAF_CHECK(
      has(of("filtering"), trouble::filters_rows, "ALTER PUBLICATION filtering DROP TABLE public.items; "));
  CAF_CHECK(has(of("hiding"), trouble::hides_columns, "ALTER PUBLICATION hiding"));
  CAF_CHECK(has(of("inserting"), trouble::leaves_out, "SET (publish = 'insert, update, delete, truncate')"));
  CAF_CHECK(has(of("one"), trouble::unpublished, "ALTER PUBLICATION one ADD TABLE public.more"));
  CAF_CHECK_EQUAL(of("one").size(), 1u);
  for (auto& name : {"filtering", "hiding", "inserting", "one"})
    for (auto& each : of(name)) { // what mends it mends it
      for (auto rest = each.mend; !rest.empty();) {
        auto end = rest.find("; ");
        x.run(rest.substr(0, end));
        rest = end == rest.npos ? "" : rest.substr(end + 2);
      }
    }
  for (auto& name : {"filtering", "hiding", "inserting", "one"})
    CAF_CHECK(of(name).empty());
}

CAF_TEST(a partition with another identity is named) {
  stream_database x("leaves", "CREATE TABLE items (id int PRIMARY KEY) PARTITION BY LIST (id);"
                              "CREATE TABLE items_1 PARTITION OF items FOR VALUES IN (1);"
                              "CREATE TABLE items_2 PARTITION OF items FOR VALUES IN (2)");
  x.run("ALTER PUBLICATION p SET (publish_via_partition_root = true)");
  CAF_CHECK(found(x.db(), x.plans(), x.slot()).empty());
  x.run("ALTER TABLE items_2 REPLICA IDENTITY FULL");
  CAF_CHECK(has(found(x.db(), x.plans(), x.slot()), trouble::identity_differs,
                "ALTER TABLE items_2 REPLICA IDENTITY DEFAULT"));
}

CAF_TEST(a role without the right to replicate is told the statement) {
  stream_database x("rights", items);
  x.run("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN");
  auto to = x.settings();
  to.user = "plain";
  auto opened = replication_connection::open(to);
  CAF_REQUIRE(!opened);
  CAF_CHECK(opened.why().what == trouble::no_replication_right);
  auto db = must(session::open(to));
  CAF_CHECK(
      has(found(*db, x.plans(), x.slot()), trouble::no_replication_right, "ALTER ROLE plain REPLICATION"));
  x.run("ALTER ROLE plain REPLICATION");
  must(replication_connection::open(to));
  CAF_CHECK(found(*db, x.plans(), x.slot()).empty());
}

CAF_TEST(a server that is not set up says which setting it lacks) {
  auto own =
      postgres_server::start(19460, {"wal_level=replica", "max_wal_senders=1", "max_replication_slots=1"});
  auto db = must(session::open(own->settings()));
  plan_set none;
  CAF_CHECK(has(found(*db, none, "s"), trouble::wal_level, "ALTER SYSTEM SET wal_level = logical"));
  auto to = must(replication_connection::open(own->settings()));
  new_slot slot;
  slot.name = "s";
  auto created = to->create_slot(slot);
  CAF_REQUIRE(!created);
  CAF_CHECK(created.why().what == trouble::wal_level);
  must(db->execute("SELECT pg_create_physical_replication_slot('taken')"));
  CAF_CHECK(has(found(*db, none, "s"), trouble::no_free_slot, "max_replication_slots"));
  CAF_CHECK(has(found(*db, none, "s"), trouble::no_free_walsender, "max_wal_senders"));
  auto second = replication_connection::open(own->settings());
  CAF_REQUIRE(!second);
  CAF_CHECK(second.why().what == trouble::no_free_walsender);
}

CAF_TEST(no free slot is told when one is created) {
  stream_database x("crowded", items);
  for (int i = 0; i < 40; ++i)
    if (!x.db().execute("SELECT pg_create_physical_replication_slot('filler_" + std::to_string(i) + "')"))
      break;
  auto to = must(replication_connection::open(x.settings()));
  new_slot slot;
  slot.name = "one_more";
  auto created = to->create_slot(slot);
  x.run(
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE 'filler_%'");
  CAF_REQUIRE(!created);
  CAF_CHECK(created.why().what == trouble::no_free_slot);
}

CAF_TEST(a pooler is told from a server) {
  refusing_server pooler("unsupported startup parameter: replication");
  auto to = stream_server().settings();
  to.port = pooler.port();
  auto opened = replication_connection::open(to);
  CAF_REQUIRE(!opened);
  CAF_CHECK(opened.why().what == trouble::pooler);
  CAF_CHECK(opened.why().mend.find("server itself") != std::string::npos);
}
