#pragma once

/// nlohmann's conversions for every type in plan.hpp. Private to actors/figures.

#include "actors/figures/plan/plan.hpp"

#include <nlohmann/json.hpp>

template <class T>
struct nlohmann::adl_serializer<std::optional<T>> {
  static void to_json(json& to, const std::optional<T>& from) { to = from ? json(*from) : json(nullptr); }
  static void from_json(const json& from, std::optional<T>& to) {
    to = from.is_null() ? std::nullopt : std::optional<T>(from.get<T>());
  }
};

/// NULL is null, an integer is a number, text is a string, and NaN is an empty array.
template <>
struct nlohmann::adl_serializer<millrace::value> {
  static void to_json(json& to, const millrace::value& from) {
    if (auto* number = std::get_if<std::int64_t>(&from))
      to = *number;
    else if (auto* text = std::get_if<std::string>(&from))
      to = *text;
    else
      to = millrace::is_null(from) ? json(nullptr) : json::array();
  }
  static void from_json(const json& from, millrace::value& to) {
    if (from.is_number_integer())
      to = from.get<std::int64_t>();
    else if (from.is_string())
      to = from.get<std::string>();
    else if (from.is_array())
      to = millrace::not_a_number{};
    else
      to = millrace::null_value{};
  }
};

namespace millrace::postgres {

/// Returns the n of "timestamp(n) without time zone". Returns 6 if the name has no n, like a domain's.
int fraction_by_name(const column& x);

inline void to_json(nlohmann::json& to, const column& from) {
  to = {{"name", from.name},           {"type", from.type},           {"type_name", from.type_name},
        {"precision", from.precision}, {"scale", from.scale},         {"fraction", from.fraction},
        {"not_null", from.not_null},   {"generated", from.generated}, {"deterministic", from.deterministic}};
}

/// An older ledger has no `fraction`; the type's name contains it.
inline void from_json(const nlohmann::json& from, column& to) {
  from.at("name").get_to(to.name);
  from.at("type").get_to(to.type);
  from.at("type_name").get_to(to.type_name);
  from.at("precision").get_to(to.precision);
  from.at("scale").get_to(to.scale);
  to.fraction = from.value("fraction", fraction_by_name(to));
  from.at("not_null").get_to(to.not_null);
  from.at("generated").get_to(to.generated);
  from.at("deterministic").get_to(to.deterministic);
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(foreign_key, columns, schema, table, referred)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(table, schema, name, kind, columns, primary_key, deferrable_key,
                                   full_identity, foreign_keys)

} // namespace millrace::postgres

namespace millrace {

template <class Tag, class Rep>
void to_json(nlohmann::json& to, const strong<Tag, Rep>& from) {
  to = from.value;
}

template <class Tag, class Rep>
void from_json(const nlohmann::json& from, strong<Tag, Rep>& to) {
  from.get_to(to.value);
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(table_plan, table, captured)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(route, table, entity, own, by, columns, kept)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(column_use, from, column, type, scale)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(constant, content, scale)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(predicate, what, column, other, cmp, constants, terms)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(key_expression, what, column, argument, fallback)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(aggregate, what, factors, filter, scale, type)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(having_condition, aggregate, cmp, bound)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(output_column, name, what, index, type, scale)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(name_template::piece, literal, output)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(name_template, pieces, encode)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(alert_rule, severity, for_seconds, keep_seconds, at_first)

/// `newest` and `alert` are written only where they are used: a plan's version is a hash of this.
inline void to_json(nlohmann::json& to, const target& from) {
  to = {{"what", from.what},
        {"key", from.key},
        {"member", from.member},
        {"shown", from.shown},
        {"ttl_seconds", from.ttl_seconds}};
  if (!from.newest.empty())
    to["newest"] = from.newest;
  if (from.alert)
    to["alert"] = *from.alert;
  if (!from.events.empty())
    to["events"] = {from.events, from.events_maxlen};
  if (!from.notify.empty())
    to["notify"] = from.notify;
}

inline void from_json(const nlohmann::json& from, target& to) {
  from.at("what").get_to(to.what);
  from.at("key").get_to(to.key);
  from.at("member").get_to(to.member);
  from.at("shown").get_to(to.shown);
  from.at("ttl_seconds").get_to(to.ttl_seconds);
  to.newest = from.value("newest", "");
  if (from.contains("events")) {
    from.at("events").at(0).get_to(to.events);
    from.at("events").at(1).get_to(to.events_maxlen);
  }
  to.notify = from.value("notify", "");
  if (from.contains("alert"))
    to.alert = from.at("alert").get<alert_rule>();
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(figure_plan, name, file, line, sql, target_line, what, entity, child,
                                   parent, where, keys, aggregates, having, outputs, place, time_key, version)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(batch_plan, name, file, line, sql, target_line, every_seconds, cron,
                                   outputs, place, volatiles, version)

inline void to_json(nlohmann::json& to, const plan_set& from) {
  to = {{"tables", from.tables},
        {"routes", from.routes},
        {"figures", from.figures},
        {"key_prefix", from.key_prefix}};
  if (!from.batches.empty())
    to["batches"] = from.batches;
  for (auto& x : from.figures)
    if (x.refills > 0)
      to["refills"][x.name] = x.refills;
}

/// An older ledger has no prefix, no batch figures and no refill counts.
inline void from_json(const nlohmann::json& from, plan_set& to) {
  from.at("tables").get_to(to.tables);
  from.at("routes").get_to(to.routes);
  from.at("figures").get_to(to.figures);
  to.key_prefix = from.value("key_prefix", "");
  to.batches = from.value("batches", std::vector<batch_plan>{});
  auto refills = from.value("refills", nlohmann::json::object());
  for (auto& x : to.figures)
    x.refills = refills.value(x.name, std::uint32_t{0});
}

} // namespace millrace
