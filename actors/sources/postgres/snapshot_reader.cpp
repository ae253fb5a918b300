#include "actors/sources/postgres/snapshot_reader.hpp"

#include "actors/sources/postgres/copy_out.hpp"
#include "actors/sources/postgres/snapshot_decoder.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>

namespace millrace::postgres {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds look_around{200};

/// A table that is still to be read.
struct waiting_table {
  table_id id;
  std::uint64_t rows_about = 0;
};

outcome<std::vector<waiting_table>> tables_of(session& db, const plan_set& plans) {
  std::vector<waiting_table> out;
  for (std::uint16_t i = 0; i < plans.tables.size(); ++i) {
    auto& of = plans.tables[i];
    if (!of.captured)
      continue;
    auto name = quoted_text(quoted_name(of.table.schema) + "." + quoted_name(of.table.name));
    // Of a partitioned table, the sum of its partitions'.
    auto found = db.query_rows(
        "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_class c WHERE c.oid = "
        "to_regclass("
        + name + ") AND c.relkind = 'r' OR c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass(" + name
        + ")) WHERE isleaf)");
    if (!found)
      return problem_of(found.why());
    out.push_back({{i}, std::strtoull(found->rows.at(0)[0].value_or("").c_str(), nullptr, 10)});
  }
  std::stable_sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.rows_about < b.rows_about; });
  return out;
}

} // namespace

struct snapshot_reader::impl {
  explicit impl(snapshot_settings x) : how(std::move(x)) {}

  void work(std::stop_token stop, copy_out from);
  outcome<void> read(table_id id, copy_out& from, std::stop_token stop);
  bool put(snapshot_batch batch, std::stop_token stop);

  snapshot_settings how;
  std::mutex guard; ///< of all that follows
  std::condition_variable_any changed;
  std::vector<waiting_table> waiting; ///< the next is the last
  std::deque<snapshot_batch> ready;
  std::size_t ready_bytes = 0, working = 0;
  snapshot_progress progress;
  std::optional<problem> failed;
  std::vector<std::jthread> threads; ///< last, because they use the fields above
};

/// Returns whether to go on. Waits while the queue is full.
bool snapshot_reader::impl::put(snapshot_batch batch, std::stop_token stop) {
  std::unique_lock lock(guard);
  changed.wait(lock, stop, [&] { return ready_bytes < how.queue_bytes || failed; });
  if (stop.stop_requested() || failed)
    return false;
  progress.rows += batch.rows.size() + batch.bad.size();
  progress.bytes += batch.bytes;
  ready_bytes += batch.bytes;
  ready.push_back(std::move(batch));
  changed.notify_all();
  return true;
}

outcome<void> snapshot_reader::impl::read(table_id id, copy_out& from, std::stop_token stop) {
  snapshot_decoder decoder(*how.plans, id, how.at);
  if (auto begun = from.begin(how.plans->tables[id.value].table, decoder.columns()); !begun)
    return begun;
  std::string_view line;
  for (auto batch = decoder.empty_batch();;) {
    auto got = from.next(line, look_around);
    if (!got)
      return got.why();
    if (stop.stop_requested())
      return {};
    if (*got == copy_out::state::row)
      decoder.add(line, batch);
    auto send = *got != copy_out::state::row || batch.bytes >= how.batch_bytes;
    if (send && batch.bytes > 0 && !put(std::exchange(batch, decoder.empty_batch()), stop))
      return {};
    if (*got == copy_out::state::end)
      return {};
  }
}

void snapshot_reader::impl::work(std::stop_token stop, copy_out from) {
  std::unique_lock lock(guard);
  while (!stop.stop_requested() && !failed && !waiting.empty()) {
    auto next = waiting.back();
    waiting.pop_back();
    lock.unlock();
    auto done = read(next.id, from, stop);
    lock.lock();
    if (!done)
      failed = done.why();
    else
      ++progress.tables_done;
  }
  --working;
  changed.notify_all();
}

snapshot_reader::snapshot_reader(std::unique_ptr<impl> x) : impl_(std::move(x)) {}
snapshot_reader::~snapshot_reader() = default;
snapshot_reader::snapshot_reader(snapshot_reader&&) noexcept = default;
snapshot_reader& snapshot_reader::operator=(snapshot_reader&&) noexcept = default;

outcome<snapshot_reader> snapshot_reader::open(snapshot_settings how) {
  auto db = session::open(how.server);
  if (!db)
    return problem_of(db.why());
  auto tables = tables_of(*db, *how.plans);
  if (!tables)
    return tables.why();
  std::vector<copy_out> connections;
  for (std::size_t i = 0; i < std::min(how.connections, std::max<std::size_t>(tables->size(), 1)); ++i) {
    auto one = copy_out::open(how.server, how.snapshot);
    if (!one)
      return one.why();
    connections.push_back(std::move(*one));
  }
  auto inside = std::make_unique<impl>(std::move(how));
  inside->waiting = std::move(*tables);
  inside->progress.tables = inside->waiting.size();
  for (auto& x : inside->waiting)
    inside->progress.rows_about += x.rows_about;
  inside->working = connections.size();
  for (auto& x : connections)
    inside->threads.emplace_back([to = inside.get(), from = std::move(x)](std::stop_token stop) mutable {
      to->work(std::move(stop), std::move(from));
    });
  return snapshot_reader(std::move(inside));
}

outcome<snapshot_batch> snapshot_reader::next(milliseconds wait) {
  auto& in = *impl_;
  std::unique_lock lock(in.guard);
  in.changed.wait_for(lock, wait, [&] { return !in.ready.empty() || in.failed || in.working == 0; });
  if (in.failed)
    return *in.failed;
  snapshot_batch out;
  if (in.ready.empty()) {
    out.done = in.working == 0;
    return out;
  }
  out = std::move(in.ready.front());
  in.ready.pop_front();
  in.ready_bytes -= out.bytes;
  in.changed.notify_all();
  return out;
}

snapshot_progress snapshot_reader::progress() const {
  std::lock_guard lock(impl_->guard);
  return impl_->progress;
}

} // namespace millrace::postgres
