#include "actors/sources/debezium/debezium_decoder.hpp"

#include "actors/figures/plan/plan_use.hpp"
#include "actors/figures/values/calendar.hpp"
#include "actors/postgres/session.hpp"
#include "actors/sources/debezium/record_reader.hpp"

#include <algorithm>
#include <set>

namespace millrace {

namespace {

bool holds(const std::vector<std::uint16_t>& all, std::uint16_t x) {
  return std::find(all.begin(), all.end(), x) != all.end();
}

/// Returns the columns outside the primary key by which the old row is routed.
std::vector<std::uint16_t> routed_columns(const plan_set& plans, table_id of, const postgres::table& table) {
  std::set<std::uint16_t> out;
  for (auto& each : plans.routes)
    if (each.table == of && !each.own)
      out.insert(each.by.begin(), each.by.end());
  for (auto i : table.primary_key)
    out.erase(i);
  return {out.begin(), out.end()};
}

/// Returns a NOT NULL column outside the primary key. If it is NULL, the old row is absent. Returns nullopt
/// if no wanted column is NOT NULL.
std::optional<std::uint16_t> witness_column(const postgres::table& table,
                                            const std::vector<std::uint16_t>& wanted) {
  auto found = std::find_if(wanted.begin(), wanted.end(), [&](auto i) {
    return table.columns[i].not_null && !holds(table.primary_key, i);
  });
  return found == wanted.end() ? std::nullopt : std::optional(*found);
}

std::vector<std::uint16_t> date_columns(const postgres::table& table,
                                        const std::vector<std::uint16_t>& wanted) {
  std::vector<std::uint16_t> out;
  for (auto i : wanted)
    if (table.columns[i].type == postgres::column_type::date)
      out.push_back(i);
  return out;
}

/// Returns the columns to read of old rows.
std::vector<std::uint16_t> old_columns(std::vector<std::uint16_t> routed,
                                       std::optional<std::uint16_t> witness) {
  if (!routed.empty() && witness && !holds(routed, *witness))
    routed.push_back(*witness);
  return routed;
}

} // namespace

struct debezium_decoder::impl {
  impl(const plan_set& plans, table_id of, const connector_modes& modes)
      : table(plans.tables[of.value].table), wanted(used_columns(plans, of)),
        routed(routed_columns(plans, of, table)), witness(witness_column(table, wanted)),
        dates(date_columns(table, wanted)), reader(table, wanted, old_columns(routed, witness), modes) {}

  postgres::table table;
  std::vector<std::uint16_t> wanted, routed;
  std::optional<std::uint16_t> witness;
  std::vector<std::uint16_t> dates;
  record_reader reader;

  std::optional<table_change> decode(std::optional<std::string_view> key, std::string_view payload,
                                     const placeholder_teller& placeholder);
  void check_old_dates(const envelope& x) const;
  void check_op(const envelope& x) const;
  void check_source(const source_block& x) const;
  void fill_unavailable(envelope& x) const;
  void check_old_row(const envelope& x) const;
  void check_key(const envelope& x, const row& key) const;
  std::optional<row> old_row(envelope& x, const row& key) const;
  table_change read_row(envelope x, table_change out) const;
  std::string full_identity() const;
};

/// Returns the statement that makes PostgreSQL log complete old rows.
std::string debezium_decoder::impl::full_identity() const {
  return "ALTER TABLE " + postgres::written_name(table.schema) + "." + postgres::written_name(table.name)
         + " REPLICA IDENTITY FULL";
}

void debezium_decoder::impl::check_op(const envelope& x) const {
  switch (x.op) {
  case 'c':
  case 'u':
  case 'r':
    if (!x.after)
      throw undecodable(std::string("op ") + x.op + " without a row (after is null)");
    return;
  case 'd':
  case 't':
    return;
  case 'm':
    throw undecodable("a logical message (op m) stands in the topic of a table");
  default:
    throw undecodable(std::string("op says ") + x.op + ", which we don't know");
  }
}

void debezium_decoder::impl::check_source(const source_block& x) const {
  if ((!x.table.empty() && x.table != table.name) || (!x.schema.empty() && x.schema != table.schema))
    throw undecodable("a record of " + excerpt(x.schema + "." + x.table)
                      + " stands in the topic of this table");
}

/// Refuses dates that Debezium's snapshots read wrong. They use Java's calendar: a date in the ten days
/// before 1582-10-15 arrives ten days later, and a date before Christ without its era. The stream's
/// dates, and timestamps, are correct.
void debezium_decoder::impl::check_old_dates(const envelope& x) const {
  constexpr auto first_certain = days_from_civil({1582, 10, 25});
  if (!x.after || x.source->snapshot == snapshot_kind::none || x.source->snapshot == snapshot_kind::ours)
    return;
  for (auto i : dates)
    if (auto* days = std::get_if<std::int64_t>(&x.after->values[i]);
        days && *days < first_certain && *days != minus_infinity)
      throw undecodable("after: column " + table.columns[i].name
                        + ": a date before 1582-10-25 doesn't come out of Debezium's snapshots as it is");
}

/// Copies the values that the record leaves out from the old row to the new row.
void debezium_decoder::impl::fill_unavailable(envelope& x) const {
  if (!x.after)
    return;
  for (auto i : x.after->unavailable) {
    // A NULL isn't the old row's value: a TOAST value is never NULL.
    if (!x.before || is_null(x.before->values[i]))
      throw undecodable("column " + table.columns[i].name
                        + ": the record leaves out its unchanged long value"
                          " (TOAST), and no old row has it; "
                        + full_identity() + " puts it into later records");
    x.after->values[i] = x.before->values[i];
  }
}

/// Refuses an incomplete old row. Without REPLICA IDENTITY FULL it is absent, or has NULL in all columns
/// but the key's.
void debezium_decoder::impl::check_old_row(const envelope& x) const {
  auto key_only = [&] {
    return witness && is_null(x.before->values[*witness]) && !holds(x.before->unavailable, *witness);
  };
  auto left_out = [&](auto i) { return holds(x.before->unavailable, i); };
  if (table.full_identity && x.before && !key_only() && std::none_of(routed.begin(), routed.end(), left_out))
    return;
  throw undecodable("the old row is missing, and figures need column " + table.columns[routed.front()].name
                    + " of it; " + full_identity() + " puts it into later records");
}

/// Refuses a record whose new row has another key than the record.
void debezium_decoder::impl::check_key(const envelope& x, const row& key) const {
  if (!x.after || x.op == 'd')
    return;
  for (std::size_t i = 0; i < key.size(); ++i)
    if (x.after->values[table.primary_key[i]] != key[i])
      throw undecodable("column " + table.columns[table.primary_key[i]].name
                        + " of the key differs from the row's");
}

/// Returns what the record contains of the old row. Without REPLICA IDENTITY FULL, that is at most the
/// key of a deleted row.
std::optional<row> debezium_decoder::impl::old_row(envelope& x, const row& key) const {
  if (x.op == 'r' || x.op == 'c' || (x.op == 'u' && !table.full_identity))
    return std::nullopt;
  if (table.full_identity && !x.before)
    return std::nullopt;
  auto out = table.full_identity ? std::move(x.before->values) : row(table.columns.size());
  for (std::size_t i = 0; i < key.size(); ++i)
    out[table.primary_key[i]] = key[i];
  return out;
}

/// Decodes a read by Millrace. Its row contains the key in the same form as the other columns.
table_change debezium_decoder::impl::read_row(envelope x, table_change out) const {
  if (x.op != 'r')
    throw undecodable(std::string("a read of Millrace's own has op r, not ") + x.op);
  for (auto i : table.primary_key) {
    if (is_null(x.after->values[i]))
      throw undecodable("column " + table.columns[i].name + " of the key is null");
    out.key.push_back(x.after->values[i]);
  }
  out.after = std::move(x.after->values);
  return out;
}

std::optional<table_change> debezium_decoder::impl::decode(std::optional<std::string_view> key,
                                                           std::string_view payload,
                                                           const placeholder_teller& placeholder) {
  auto x = reader.read_payload(payload, placeholder);
  if (x.of_other_figures)
    return std::nullopt;
  if (x.after && !x.after->unavailable.empty())
    x = reader.read_payload_with_old_row(payload, placeholder);
  if (x.op == 0 && !x.source && !x.before && !x.after)
    throw undecodable("the payload isn't a change of Debezium's (it has no op)");
  check_op(x);
  if (!x.source)
    throw undecodable("the record has no source");
  check_source(*x.source);
  check_old_dates(x);
  table_change out;
  out.op = x.op;
  out.at = x.source->at;
  out.snapshot = x.source->snapshot;
  out.replayed = x.source->replayed;
  out.stamp = x.source->stamp;
  out.commit_ms = x.source->commit_ms;
  if (x.op == 't')
    return out;
  if (out.snapshot == snapshot_kind::ours)
    return read_row(std::move(x), std::move(out));
  if (!key)
    throw undecodable("the record has no key");
  out.key = reader.read_key(*key);
  check_key(x, out.key);
  if ((x.op == 'u' || x.op == 'd') && !routed.empty() && !out.replayed)
    check_old_row(x);
  fill_unavailable(x);
  out.before = old_row(x, out.key);
  if (x.after && x.op != 'd')
    out.after = std::move(x.after->values);
  return out;
}

debezium_decoder::debezium_decoder(const plan_set& plans, table_id of, const connector_modes& modes)
    : impl_(std::make_unique<impl>(plans, of, modes)) {}
debezium_decoder::~debezium_decoder() = default;
debezium_decoder::debezium_decoder(debezium_decoder&&) noexcept = default;

result<std::optional<table_change>> debezium_decoder::decode(std::optional<std::string_view> key,
                                                             std::optional<std::string_view> payload,
                                                             const placeholder_teller& placeholder) {
  if (!payload)
    return std::optional<table_change>();
  auto refused = [&](const std::string& why) {
    return error{errc::bad_record, impl_->table.schema + "." + impl_->table.name + ": " + why};
  };
  try {
    auto out = impl_->decode(key, *payload, placeholder);
    impl_->reader.shrink();
    return out;
  } catch (const undecodable& why) {
    impl_->reader.shrink();
    return refused(why.what());
  } catch (const simdjson::simdjson_error& why) {
    impl_->reader.shrink();
    return refused(std::string("not a JSON record of Debezium's: ") + why.what());
  } catch (const std::bad_alloc&) {
    throw; // not the record's fault
  } catch (const std::exception& why) {
    impl_->reader.shrink();
    return refused(std::string("it can't be read: ") + why.what());
  }
}

namespace {

/// Reads a record's source, and none of its columns.
std::optional<source_block> source_of(std::string_view payload) {
  postgres::table no_columns;
  try {
    return record_reader(no_columns, {}, {}, {}).read_payload(payload, {}).source;
  } catch (const undecodable&) {
  } catch (const simdjson::simdjson_error&) {
  }
  return std::nullopt;
}

} // namespace

std::optional<std::uint64_t> stamp_of(std::string_view payload) {
  auto source = source_of(payload);
  return source ? std::optional(source->stamp) : std::nullopt;
}

std::optional<lsn> lsn_of(std::string_view payload) {
  auto source = source_of(payload);
  return source ? std::optional(source->at) : std::nullopt;
}

} // namespace millrace
