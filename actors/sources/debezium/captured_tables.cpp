#include "actors/sources/debezium/captured_tables.hpp"

#include "actors/sources/debezium/signal.hpp"
#include "messages/fnv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::connect {

namespace {

/// Returns a table's name as 16 hexadecimal digits (FNV-1a). Short, because the WAL gets it every second.
std::string mark_of(const postgres::table& x) {
  return fmt::format("{:016x}", fnv1a(x.schema + "." + x.name));
}

} // namespace

std::string table_list(const plan_set& plans, const std::string& own_schema) {
  std::string out;
  for (auto& each : plans.tables)
    if (each.captured)
      out += collection_pattern(each.table.schema, each.table.name) + ",";
  return out + collection_pattern(own_schema, "anchor") + ","
         + collection_pattern(own_schema, "debezium_signal");
}

/// Sorted, so that a new order of the plans doesn't restart the connector.
std::string capture_mark(const plan_set& plans) {
  std::set<std::string> marks;
  for (auto& each : plans.tables)
    if (each.captured)
      marks.insert(mark_of(each.table));
  return fmt::format("{}", fmt::join(marks, ","));
}

bool captures_all(std::string_view mark, const plan_set& plans) {
  return std::all_of(plans.tables.begin(), plans.tables.end(), [&](auto& each) {
    return !each.captured || mark.find(mark_of(each.table)) != mark.npos;
  });
}

} // namespace millrace::connect
