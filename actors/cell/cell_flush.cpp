/// A cell's flush: what it collects for the writer, and what is so once Redis has it.

#include "actors/cell/cell.hpp"

#include <utility>

namespace millrace {

void cell::copy_state() {
  if (!copy_)
    copy_.emplace(rows_);
  alerts_.write_again();
}

cell_flush cell::collect(tick_seconds now, std::size_t checks) {
  advance(now);
  cell_flush out;
  out.cell = id_;
  out.owner = owner_;
  out.number = number_ + 1;
  out.generation = generation_;
  if (has_windows())
    out.span = {figures_.tick(), turns_.next().value_or(tick_seconds{0})};
  under_way_ = positions_.take_moved();
  out.positions = under_way_;
  if (changed_rows_)
    out.block = pack_block(how_.fingerprint, live_, rows_.take_changes(), rows_.bars());
  changed_rows_ = output_waits_ = false;
  log_bytes_ += out.block.size();
  copy_into(out);
  out.output = figures_.drain(now);
  out.opened = std::exchange(opened_, {});
  alerts_.take(out.output.writes, figures_.tick());
  out.alerts = alerts_.take_changes();
  out.alerts_known = alerts_.take_known();
  for (auto& [what, count] : counts_)
    out.output.counts.push_back({what.first, what.second, count});
  counts_.clear();
  out.unknown_reads = std::exchange(unknown_reads_, {});
  if (checks > 0)
    check_into(out, now, checks);
  return out;
}

void cell::check_into(cell_flush& out, tick_seconds now, std::size_t checks) {
  if (!walk_)
    walk_.emplace(rows_, figures_);
  out.checks = walk_->next(rows_, figures_, now, checks);
  out.checked_all = walk_->finished();
  if (out.checked_all)
    walk_.reset();
}

void cell::copy_into(cell_flush& out) {
  if (!copy_ && state_copy::due(log_bytes_, copied_bytes_))
    copy_.emplace(rows_);
  if (!copy_)
    return;
  out.copy_block = pack_block(how_.fingerprint, live_, copy_->next(rows_), rows_.bars());
  copy_->wrote(out.copy_block.size());
  if (!out.block.empty()) {
    out.copy_block_too = true;
    copy_->wrote(out.block.size());
  }
  if (copy_->finished()) {
    out.copy_length = copy_->blocks();
    switching_ = true;
  }
}

std::vector<position> cell::flushed() {
  ++number_;
  if (switching_) {
    ++generation_;
    log_bytes_ = copied_bytes_ = copy_->bytes();
    copy_.reset();
    switching_ = false;
  }
  positions_.made_durable(under_way_);
  return std::exchange(under_way_, {});
}

} // namespace millrace
