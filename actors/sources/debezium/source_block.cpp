#include "actors/sources/debezium/source_block.hpp"

#include "actors/sources/debezium/column_decoder.hpp"
#include "actors/sources/debezium/read_record.hpp"
#include "messages/fnv.hpp"

#include <algorithm>

namespace millrace {

namespace json = simdjson::ondemand;

namespace {

/// Hashes a text and a terminator, so that "1", "23" differs from "12", "3".
std::uint64_t add_text(std::uint64_t hash, std::string_view text) { return fnv1a(fnv1a(text, hash), 0xff); }

/// Returns the greatest number in `["290236912","290237728"]`: the LSNs of the last commit and of the record
/// itself, or an incremental snapshot's watermark.
std::uint64_t greatest_number(std::string_view text) {
  std::uint64_t best = 0;
  std::uint64_t x = 0;
  for (auto c : text) {
    x = c >= '0' && c <= '9' ? x * 10 + static_cast<unsigned>(c - '0') : 0;
    best = std::max(best, x);
  }
  return best;
}

void read_snapshot(json::value x, source_block& out) {
  if (x.is_null())
    return;
  if (x.type() == json::json_type::boolean) {
    out.snapshot = x.get_bool() ? snapshot_kind::initial : snapshot_kind::none;
    return;
  }
  std::string_view kind = x.get_string();
  if (kind == "false")
    return;
  if (kind == "replay")
    out.replayed = true;
  else if (kind == connect::read_by_millrace)
    out.snapshot = snapshot_kind::ours;
  else if (kind == "incremental")
    out.snapshot = snapshot_kind::incremental;
  else if (kind == "true" || kind == "first" || kind == "last" || kind == "first_in_data_collection"
           || kind == "last_in_data_collection")
    out.snapshot = snapshot_kind::initial;
  else
    throw undecodable("source.snapshot says " + excerpt(kind) + ", which we don't know");
}

std::uint64_t number_or_zero(json::value x) { return x.is_null() ? 0 : x.get_uint64().value(); }

} // namespace

source_block read_source(json::object from) {
  source_block out;
  std::string_view sequence;
  std::uint64_t position = 0;
  std::uint64_t transaction = 0;
  for (auto each : from) {
    auto field = field_of(std::move(each));
    auto name = field.key();
    if (name == "snapshot")
      read_snapshot(field.value(), out);
    else if (name == "sequence" && !field.value().is_null())
      sequence = field.value().get_string();
    else if (name == "lsn")
      position = number_or_zero(field.value());
    else if (name == "txId")
      transaction = number_or_zero(field.value());
    else if (name == "ts_ms" && !field.value().is_null())
      out.commit_ms = field.value().get_int64();
    else if (name == "schema" && !field.value().is_null())
      out.schema = std::string_view(field.value().get_string());
    else if (name == "table" && !field.value().is_null())
      out.table = std::string_view(field.value().get_string());
  }
  out.at = lsn{position != 0 ? position : greatest_number(sequence)};
  out.stamp = add_text(add_text(add_text(fnv_start, sequence), std::to_string(position)),
                       std::to_string(transaction));
  return out;
}

} // namespace millrace
