#include "actors/redis/pack.hpp"

#include "actors/redis/msgpack_writer.hpp"

#include <cinttypes>
#include <cstdio>
#include <set>

namespace millrace::redis {

namespace {

const char* target_name(target_kind x) {
  switch (x) {
  case target_kind::string:
    return "string";
  case target_kind::hash:
    return "hash";
  case target_kind::hash_field:
    return "field";
  case target_kind::zset:
    return "zset";
  case target_kind::json:
    return "json";
  case target_kind::alert:
    return "alert";
  }
  return "";
}

const char* aggregate_name(aggregate_kind x) {
  switch (x) {
  case aggregate_kind::count_rows:
  case aggregate_kind::count:
    return "count";
  case aggregate_kind::sum:
    return "sum";
  case aggregate_kind::avg:
    return "avg";
  case aggregate_kind::min:
    return "min";
  case aggregate_kind::max:
    return "max";
  }
  return "";
}

/// Returns the name of the format for a best value in functions/texts.lua.
const char* shown_as(postgres::column_type x) {
  switch (x) {
  case postgres::column_type::date:
    return "date";
  case postgres::column_type::timestamp:
    return "timestamp";
  case postgres::column_type::timestamptz:
    return "timestamptz";
  case postgres::column_type::time:
    return "time";
  default:
    return "number";
  }
}

void pack_aggregate(msgpack_writer& to, const aggregate& x) {
  auto of_column = (x.what == aggregate_kind::min || x.what == aggregate_kind::max) && !x.factors.empty();
  to.text(aggregate_name(x.what))
      .number(of_column ? x.factors[0].scale : x.scale)
      .text(shown_as(of_column ? x.factors[0].type : x.type));
}

std::optional<std::string> fixed_text(const name_template& x) {
  std::string out;
  for (auto& piece : x.pieces) {
    if (piece.output)
      return std::nullopt;
    out += piece.literal;
  }
  return out;
}

/// Returns the outputs that the place shows: all for json, those outside the key for a hash, else
/// the only one.
std::vector<std::uint16_t> shown_outputs(const figure_plan& x) {
  std::set<std::uint16_t> in_key;
  for (auto& piece : x.place.key.pieces)
    if (piece.output)
      in_key.insert(*piece.output);
  if (x.place.what != target_kind::json && x.place.what != target_kind::hash)
    return {x.place.shown};
  std::vector<std::uint16_t> out;
  for (std::uint16_t i = 0; i < x.outputs.size(); ++i)
    if (x.place.what == target_kind::json || !in_key.count(i))
      out.push_back(i);
  return out;
}

/// Returns a JSON string as PostgreSQL's escape_json writes it.
std::string json_name(const std::string& x) {
  std::string out = "\"";
  for (unsigned char c : x) {
    if (c == '"' || c == '\\')
      out += {'\\', static_cast<char>(c)};
    else if (c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t')
      out += {'\\', c == '\b' ? 'b' : c == '\f' ? 'f' : c == '\n' ? 'n' : c == '\r' ? 'r' : 't'};
    else if (c < ' ') {
      char text[8];
      std::snprintf(text, sizeof text, "\\u%04x", c);
      out += text;
    } else
      out += static_cast<char>(c);
  }
  return out + "\"";
}

void pack_outputs(msgpack_writer& to, const figure_plan& x) {
  auto shown = shown_outputs(x);
  to.list(shown.size() * 3);
  auto json = x.place.what == target_kind::json;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    auto& output = x.outputs.at(shown[i]);
    auto label = json ? (i == 0 ? "{" : ",") + json_name(output.name) + ":" : output.name;
    auto is_key = output.what == output_column::kind::key;
    to.text(label).number(is_key ? output.index + 1 : 0).number(is_key ? 0 : output.index + 1);
  }
}

} // namespace

/// Returns {name, target, always, key or false, {kind, scale, type, ...}, {label, key, aggregate,
/// ...}, closes, key of the newest place's copy or false}.
std::string pack_spec(const figure_plan& x) {
  std::string out;
  msgpack_writer to(out);
  to.list(8).text(x.name).text(target_name(x.place.what)).flag(x.keys.empty());
  if (auto key = fixed_text(x.place.key))
    to.text(*key);
  else
    to.flag(false);
  to.list(x.aggregates.size() * 3);
  for (auto& a : x.aggregates)
    pack_aggregate(to, a);
  pack_outputs(to, x);
  to.flag(x.place.ttl_seconds > 0);
  x.place.newest.empty() ? to.flag(false) : to.text(x.place.newest);
  return out;
}

namespace {

packed_plans::figure pack_figure(const figure_plan& x) {
  packed_plans::figure out;
  out.name = x.name;
  out.expires = x.place.ttl_seconds > 0;
  out.newest = x.place.newest;
  out.events = x.place.events;
  out.events_maxlen = x.place.events_maxlen;
  out.notify = x.place.notify;
  if (x.place.alert) {
    out.severity = x.place.alert->severity;
    out.ttl_seconds = x.place.ttl_seconds;
    char revision[17];
    std::snprintf(revision, sizeof revision, "%016" PRIx64, x.version);
    out.revision = revision;
  }
  if (x.what != figure_kind::rolled_up)
    return out;
  out.spec = pack_spec(x);
  out.closes = x.place.ttl_seconds > 0;
  out.fixed_key = fixed_text(x.place.key).has_value();
  for (auto& a : x.aggregates)
    out.aggregates.push_back(a.what);
  return out;
}

} // namespace

packed_plans pack_plans(const plan_set& plans) {
  packed_plans out;
  out.key_prefix = plans.key_prefix;
  for (auto& x : plans.figures)
    out.figures.push_back(pack_figure(x));
  for (auto& x : plans.tables) {
    out.doubted_as.push_back(x.table.schema + "." + x.table.name);
    out.tables.push_back(x.table.schema == "public" ? x.table.name : out.doubted_as.back());
  }
  return out;
}

std::string pack_specs(const packed_plans& plans) {
  std::size_t size = 0;
  std::string specs;
  for (auto& x : plans.figures)
    if (!x.spec.empty()) {
      ++size;
      specs += x.spec;
    }
  std::string out;
  msgpack_writer(out).list(size).raw(specs);
  return out;
}

std::vector<std::string> counter_keys(const plan_set& plans) {
  std::vector<std::string> out{plans.key_prefix + "cdc:stats:total"};
  for (auto& table : pack_plans(plans).tables) {
    for (auto op : {"c", "u", "d", "r", "t"})
      out.push_back(plans.key_prefix + "cdc:stats:" + table + ":" + op);
    for (auto verb : {"created", "updated", "deleted"})
      out.push_back(plans.key_prefix + "metrics:" + table + ":" + verb);
  }
  for (auto of_batches : {"completed", "failed", "missed", "last_duration", "last_success", "current",
                          "history", "reconciliation"})
    out.push_back(plans.key_prefix + "batch_jobs:" + of_batches);
  return out;
}

} // namespace millrace::redis
