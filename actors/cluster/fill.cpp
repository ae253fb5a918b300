#include "actors/cluster/fill.hpp"

#include "messages/token.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace millrace {

std::string to_json(const fill_note& x) {
  return nlohmann::json{{"reason", x.reason},       {"birth", x.birth.value},
                        {"signal_id", x.signal_id}, {"signalled_at", x.signalled_at.value},
                        {"swept", x.swept.value},   {"figures", x.figures},
                        {"tables", x.tables}}
      .dump();
}

fill_note fill_note_from_json(const std::string& text) {
  auto x = nlohmann::json::parse(text, nullptr, false);
  fill_note out;
  if (!x.is_object())
    return out;
  out.reason = x.value("reason", "");
  out.birth.value = x.value("birth", std::uint64_t{0});
  out.signal_id = x.value("signal_id", "");
  out.signalled_at.value = x.value("signalled_at", std::uint64_t{0});
  out.swept.value = x.value("swept", std::uint64_t{0});
  out.figures = x.value("figures", std::vector<std::string>{});
  out.tables = x.value("tables", std::vector<std::string>{});
  return out;
}

fill::fill(fill_backend backend, fill_note note, bool live)
    : backend_(std::move(backend)), note_(std::move(note)), live_(live) {
  if (only_some())
    at_ = note_.tables.empty() ? stage::publish : stage::decide;
}

result<void> fill::step() {
  for (;;) {
    auto before = at_;
    auto moved = one();
    if (!moved)
      return moved.why();
    if (!*moved || at_ == before)
      return {};
  }
}

/// Returns whether the stage changed.
result<bool> fill::one() {
  switch (at_) {
  case stage::stream:
  case stage::stream_again:
    return passed_by_stream();
  case stage::decide:
    return decide();
  case stage::snapshot:
    return snapshot();
  case stage::drain:
    return drain();
  case stage::sweep:
    at_ = stage::sweeping;
    backend_.sweep(limit_, only_some() ? note_.tables : std::vector<std::string>{});
    return true;
  case stage::publish:
    at_ = stage::publishing;
    backend_.publish();
    return true;
  case stage::save: {
    auto after = note_;
    if (!only_some()) // else other tables' rows weren't looked at
      after.swept = snapshot_at_;
    after.figures.clear();
    after.tables.clear();
    if (auto saved = backend_.save(after, true); !saved)
      return saved.why();
    note_ = after;
    at_ = stage::done;
    return true;
  }
  case stage::sweeping:
  case stage::publishing:
  case stage::done:
    return false;
  }
  return false;
}

/// The marker is written only once the slot is there: a slot that is made later
/// begins behind it, while its snapshot may still run.
result<bool> fill::passed_by_stream() {
  auto slot = backend_.slot();
  if (!slot) // while nobody looks, the slot may be made anew behind the marker
    return marker_.reset(), slot.why();
  if (!slot->exists)
    return marker_.reset(), slot_began_.reset(), false;
  if (!slot_began_ && slot->restart.value > 0)
    slot_began_ = slot->restart;
  if (!marker_) {
    auto marker = backend_.emit_marker();
    if (!marker)
      return marker.why();
    marker_ = *marker;
  }
  if (slot->confirmed_flush < *marker_)
    return false;
  marker_.reset();
  at_ = at_ == stage::stream ? stage::decide : stage::drain;
  return true;
}

result<bool> fill::decide() {
  if (!only_some()) {
    auto shown = backend_.last_snapshot();
    if (!shown)
      return shown.why();
    if (live_ || shown->value > note_.birth.value) {
      snapshot_at_ = *shown;
      limit_ = without_open_transactions(*shown);
      at_ = stage::drain;
      return true;
    }
  }
  if (auto asked = ask_for_snapshot(); !asked)
    return asked.why();
  at_ = stage::snapshot;
  return true;
}

/// Rows of transactions that were open when the slot was made bear LSNs from
/// before its snapshot, which doesn't show them: they come through the slot.
lsn fill::without_open_transactions(lsn snapshot) const {
  return slot_began_ ? std::min(snapshot, *slot_began_) : snapshot;
}

/// Asking twice does nothing, so a crash in between is mended here.
result<void> fill::ask_for_snapshot() {
  if (note_.signal_id.empty()) {
    auto oldest = oldest_unfinished();
    if (!oldest)
      return oldest.why();
    note_.signal_id = "millrace-" + fresh_token().substr(0, 16);
    note_.signalled_at = *oldest;
    if (auto saved = backend_.save(note_, false); !saved)
      return note_.signal_id.clear(), saved;
  }
  return backend_.ask_for_snapshot(note_.signal_id, note_.tables);
}

/// Returns the place in the log from which on rows may come later without the
/// snapshot having shown them: the beginning of the oldest transaction that is
/// still open, since a change bears its own LSN and not that of its commit.
result<lsn> fill::oldest_unfinished() {
  auto here = backend_.wal();
  if (!here)
    return here;
  auto slot = backend_.slot();
  if (!slot)
    return slot.why();
  return slot->restart.value > 0 ? std::min(*here, slot->restart) : *here;
}

result<bool> fill::snapshot() {
  switch (backend_.snapshot(note_.signal_id, note_.tables)) {
  case snapshot_progress::completed:
    limit_ = snapshot_at_ = note_.signalled_at;
    at_ = stage::stream_again;
    return true;
  case snapshot_progress::failed:
    note_.signal_id.clear();
    at_ = stage::decide;
    return true;
  case snapshot_progress::unknown:
  case snapshot_progress::running:
    break;
  }
  return false;
}

result<bool> fill::drain() {
  if (!ends_) {
    auto ends = backend_.ends();
    if (!ends)
      return ends.why();
    ends_ = *ends;
  }
  auto durable = backend_.durable(*ends_);
  if (!durable)
    return durable.why();
  if (!*durable)
    return false;
  at_ = stage::sweep;
  return true;
}

void fill::on_swept() {
  if (at_ == stage::sweeping)
    at_ = live_ ? stage::save : stage::publish;
}

void fill::on_published() {
  if (at_ == stage::publishing)
    at_ = stage::save;
}

void fill::on_lost() {
  if (at_ == stage::sweeping)
    at_ = stage::sweep;
  else if (at_ == stage::publishing)
    at_ = stage::publish;
}

std::string fill::words() const {
  switch (at_) {
  case stage::stream:
  case stage::stream_again:
    return "waits until Debezium has come to the end of PostgreSQL's log";
  case stage::decide:
  case stage::snapshot:
    return "waits for a snapshot of the tables";
  case stage::drain:
    return "applies what Kafka has";
  case stage::sweep:
  case stage::sweeping:
    return "removes rows that the snapshot doesn't show";
  case stage::publish:
  case stage::publishing:
  case stage::save:
    return "writes the figures";
  case stage::done:
    return "whole";
  }
  return "";
}

} // namespace millrace
