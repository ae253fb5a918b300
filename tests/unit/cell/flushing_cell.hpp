#pragma once

/// A cell of the small shop that flushes to a store in memory.

#include "actors/cell/cell.hpp"
#include "tests/unit/memory_store.hpp"
#include "tests/unit/small_shop.hpp"

#include <stdexcept>

namespace millrace::test {

inline const cell_settings& small_settings() {
  static cell_settings out{&small_shop(), small_shop().fingerprint(), "staged:"};
  return out;
}

struct flushing_cell {
  flushing_cell(memory_store& to, cell_id id) : store(to), it(small_settings(), id) { load(); }

  void load() {
    if (auto loaded = it.load(store.claim(it.id())); !loaded)
      throw std::runtime_error(loaded.why().message);
  }

  std::optional<position> offer(const change_batch& x) { return it.offer(x, tick); }

  /// Offers changes of one source that follow what the cell has.
  void take(source_id from, std::vector<change> changes) {
    auto last = changes.back().where.high;
    if (offer(batch(it.id(), from, at(from), last, std::move(changes))))
      throw std::runtime_error("a batch that follows was answered with a gap");
  }

  std::int64_t at(source_id from) const {
    for (auto& p : it.positions())
      if (p.source == from)
        return p.last.high;
    return -1;
  }

  flush_verdict flush(std::size_t checks = 0) {
    auto collected = it.collect(tick, checks);
    auto out = store.flush(collected);
    if (out != flush_verdict::done)
      return out;
    durable = it.flushed();
    checked = std::move(collected.checks);
    checked_all = collected.checked_all;
    return out;
  }

  /// Publishes and flushes.
  void publish() {
    it.publish(tick);
    flush();
  }

  memory_store& store;
  millrace::cell it;
  tick_seconds tick{1'700'000'000};
  std::vector<place_check> checked; ///< by the last flush
  bool checked_all = false;
  std::vector<position> durable; ///< what the last flush made durable
};

/// Returns the rows at rest: route, key, kept columns.
inline std::map<row_name, std::string> rows_of(const millrace::cell& x) {
  std::map<row_name, std::string> out;
  x.rows().each([&](route_id route, const stored_row& row) {
    out[{route, std::string(row.key())}] = row.kept();
  });
  return out;
}

} // namespace millrace::test
