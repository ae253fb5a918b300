#include "actors/sources/postgres/transaction_reader.hpp"

#include "actors/postgres/session.hpp"
#include "actors/sources/postgres/wire_reader.hpp"

#include <algorithm>

namespace millrace::postgres {

namespace {

[[noreturn]] void refuse(const std::string& why) { throw malformed(why); }

std::int64_t unix_ms(pgoutput::timestamp x) {
  return std::chrono::floor<std::chrono::milliseconds>(x).time_since_epoch().count();
}

} // namespace

transaction_reader::transaction_reader(const plan_set& plans) {
  for (std::size_t i = 0; i < plans.tables.size(); ++i) {
    auto& each = plans.tables[i];
    if (!each.captured)
      continue;
    table_id id{static_cast<std::uint16_t>(i)};
    decoders_.emplace(id, table_decoder(plans, id));
    ids_.emplace(std::pair(each.table.schema, each.table.name), id);
  }
}

result<void> transaction_reader::read(std::string_view bytes, lsn at, std::vector<stream_event>& out) {
  auto message = messages_.read(bytes);
  if (!message)
    return message.why();
  bytes_ = bytes;
  at_ = at;
  out_ = &out;
  try {
    std::visit([this](auto& x) { take(x); }, *message);
  } catch (const malformed& why) {
    return error{errc::bad_record, std::string(why.what()) + " (at " + to_text(at) + ")"};
  }
  return {};
}

void transaction_reader::take(const pgoutput::begin& x) {
  if (open_)
    refuse("Begin: within the transaction that commits at " + to_text(open_->commit));
  if (x.commit < reached_.commit || x.commit.value == 0)
    refuse("Begin: the commit " + to_text(x.commit) + " doesn't come after " + to_text(reached_.commit));
  open_ = x;
  last_place_ = {};
}

void transaction_reader::take(const pgoutput::commit& x) {
  if (!open_)
    refuse("Commit: no transaction has begun");
  if (x.at != open_->commit || x.end <= x.at)
    refuse("Commit: " + to_text(x.at) + " isn't the end of the transaction that commits at "
           + to_text(open_->commit));
  reached_ = {x.at, x.end};
  out_->emplace_back(transaction_end{reached_, unix_ms(x.committed), open_->xid});
  open_.reset();
}

void transaction_reader::take(const pgoutput::relation& x) {
  known_relation known{x.columns.size(), nullptr, std::nullopt};
  auto id = ids_.find(std::pair(std::string(x.schema), std::string(x.name)));
  if (id != ids_.end()) {
    known.decoder = &decoders_.at(id->second);
    known.layout = known.decoder->layout_of(x);
  }
  relations_.insert_or_assign(x.id, std::move(known));
}

const transaction_reader::known_relation& transaction_reader::relation_of(pgoutput::relation_oid id,
                                                                          const char* message) const {
  auto found = relations_.find(id);
  if (found == relations_.end())
    refuse(std::string(message) + ": relation " + std::to_string(id.value) + " wasn't described");
  return found->second;
}

void transaction_reader::want_width(const known_relation& by, pgoutput::tuple fields, const char* message) {
  if (fields.size() != by.width)
    refuse(std::string(message) + ": a row of " + std::to_string(fields.size())
           + " columns, and its relation has " + std::to_string(by.width));
}

/// Returns the position of the next change. Counts on from the record's LSN for further rows of the record.
wal_position transaction_reader::next_place() { return next_place(at_); }

wal_position transaction_reader::next_place(lsn at) {
  if (!open_)
    refuse("a change outside of a transaction");
  last_place_ = std::max(at, lsn{last_place_.value + 1});
  if (last_place_ >= open_->commit)
    refuse("a change that isn't before its commit at " + to_text(open_->commit));
  reached_ = {open_->commit, last_place_};
  return reached_;
}

void transaction_reader::yield(row_change x, wal_position at) {
  x.at = at;
  x.commit_ms = unix_ms(open_->committed);
  out_->emplace_back(std::in_place_type<row_change>, std::move(x));
}

void transaction_reader::yield(const known_relation& by, result<decoded_changes> x) {
  auto at = next_place();
  if (!x) {
    out_->emplace_back(
        bad_change{by.decoder->id(), at, unix_ms(open_->committed), x.why().message, std::string(bytes_)});
    return;
  }
  yield(std::move(x->first), at);
  if (x->second)
    yield(std::move(*x->second), next_place());
}

void transaction_reader::take(const pgoutput::insert& x) {
  auto& by = relation_of(x.relation, "Insert");
  want_width(by, x.fresh, "Insert");
  if (by.decoder)
    return yield(by, by.decoder->insert(*by.layout, x.fresh));
  next_place();
  ++skipped_;
}

void transaction_reader::take(const pgoutput::update& x) {
  auto& by = relation_of(x.relation, "Update");
  want_width(by, x.fresh, "Update");
  if (x.old)
    want_width(by, x.old->fields, "Update");
  if (by.decoder)
    return yield(by, by.decoder->update(*by.layout, x.old, x.fresh));
  next_place();
  ++skipped_;
}

void transaction_reader::take(const pgoutput::remove& x) {
  auto& by = relation_of(x.relation, "Delete");
  want_width(by, x.old.fields, "Delete");
  if (by.decoder)
    return yield(by, by.decoder->remove(*by.layout, x.old));
  next_place();
  ++skipped_;
}

void transaction_reader::take(const pgoutput::truncate& x) {
  for (auto id : x.relations) {
    auto& by = relation_of(id, "Truncate");
    auto at = next_place();
    if (by.decoder)
      yield(by.decoder->truncate(), at);
    else
      ++skipped_;
  }
}

void transaction_reader::take(const pgoutput::message& x) {
  wal_position at{x.at, {}};
  // The server gives the LSN after a message's record, where the next record begins.
  if (x.transactional)
    at = next_place(lsn{at_.value - std::min<std::uint64_t>(at_.value, 1)});
  else if (open_)
    refuse("Message: one that isn't transactional, within a transaction");
  out_->emplace_back(log_message{x.transactional, at, std::string(x.prefix), std::string(x.content)});
}

} // namespace millrace::postgres
