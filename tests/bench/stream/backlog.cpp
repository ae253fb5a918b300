/// Reads the same backlog by pg_recvlogical -f /dev/null and by Millrace's stream, and prints changes a
/// second of both, and the ratio. A server of its own; not run by any test.
///
///     ninja -C build/release stream_backlog && build/release/stream_backlog [ROWS]

#include "tests/unit/sources/postgres/stream_database.hpp"

#include <sys/resource.h>

#include <cstdio>

using namespace millrace;
using namespace millrace::postgres;
using namespace millrace::test;

namespace {

using clock_type = std::chrono::steady_clock;

double seconds_since(clock_type::time_point x) {
  return std::chrono::duration<double>(clock_type::now() - x).count();
}

double own_cpu() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
         + static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

constexpr auto orders =
    "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, order_date timestamp, "
    "total_amount numeric(10,2), status text, shipping_address text, created_at timestamp);"
    "ALTER TABLE orders REPLICA IDENTITY FULL";

void write(stream_database& x, int rows) {
  std::string data;
  for (int i = 0; i < rows / 2; ++i)
    data += std::to_string(i) + "\t" + std::to_string(i % 5000) + "\t2024-02-29 12:00:00.5\t"
            + std::to_string(i % 999) + ".50\tpending\t" + std::to_string(i)
            + " Main Street, Springfield\t2024-02-29 12:00:00\n";
  must(x.db().copy_in("COPY orders FROM STDIN", data));
  x.run("UPDATE orders SET status = 'paid', total_amount = total_amount + 1");
}

double by_recvlogical(stream_database& x, const std::string& slot) {
  auto to = x.settings();
  auto command = "/usr/lib/postgresql/15/bin/pg_recvlogical -h 127.0.0.1 -U postgres -p "
                 + std::to_string(to.port) + " -d " + to.database + " --slot " + slot
                 + " --start --no-loop -o proto_version=1 -o publication_names=p -f /dev/null --endpos "
                 + x.one("SELECT pg_current_wal_lsn()");
  auto begun = clock_type::now();
  if (std::system(command.c_str()) != 0)
    throw std::runtime_error("pg_recvlogical failed");
  return seconds_since(begun);
}

double by_stream(stream_database& x, std::size_t rows, double& cpu) {
  auto begun = clock_type::now();
  auto cpu_before = own_cpu();
  auto stream = must(change_stream::open(x.how()));
  for (std::size_t seen = 0; seen < rows;) {
    auto got = must(stream->poll(1 << 20, 100ms));
    for (auto& each : got->events)
      seen += std::holds_alternative<row_change>(each);
    stream->confirm(got->reached);
  }
  cpu = own_cpu() - cpu_before;
  return seconds_since(begun);
}

} // namespace

int main(int argc, char** argv) {
  auto rows = argc > 1 ? std::atoi(argv[1]) / 2 * 2 : 400'000;
  stream_database x("backlog", orders);
  auto to = must(replication_connection::open(x.settings()));
  for (auto name : {"bare_1", "bare_2"}) {
    new_slot slot;
    slot.name = name;
    must(to->create_slot(slot));
  }
  write(x, rows);
  double cpu = 0;
  auto before = by_recvlogical(x, "bare_1"), ours = by_stream(x, static_cast<std::size_t>(rows), cpu),
       after = by_recvlogical(x, "bare_2");
  auto bare = (before + after) / 2;
  std::printf("%d changes\npg_recvlogical -f /dev/null: %.2f s and %.2f s, %.0f a second\n"
              "change_stream: %.2f s, %.0f a second, %.2f us of own CPU a change\nratio: %.2f\n",
              rows, before, after, rows / bare, ours, rows / ours, cpu * 1e6 / rows, bare / ours);
  for (auto name : {"bare_1", "bare_2"})
    must(drop_slot(x.db(), name));
}
