#include "actors/sources/debezium/read_record.hpp"

#include "actors/figures/values/text.hpp"

#include <algorithm>

namespace millrace::connect {

namespace {

using postgres::column_type;

void append_field(std::string& out, const std::string& name, const std::optional<std::string>& text,
                  bool bare) {
  if (out.back() != '{')
    out += ',';
  append_json_string(out, name);
  out += ':';
  if (!text)
    out += "null";
  else if (bare)
    out += *text;
  else
    append_json_string(out, *text);
}

bool is_integer(const postgres::column& x) {
  return x.type == column_type::smallint || x.type == column_type::integer || x.type == column_type::bigint;
}

} // namespace

read_records::read_records(const postgres::table& of, std::vector<std::uint16_t> columns, std::string topic,
                           lsn from)
    : of_(of), columns_(std::move(columns)), topic_(std::move(topic)), from_(from) {}

std::string read_records::query() const {
  std::string names;
  for (auto i : columns_)
    names += (names.empty() ? "" : ", ") + postgres::quoted_name(of_.columns[i].name);
  return "SELECT " + names + " FROM ONLY " + postgres::quoted_name(of_.schema) + "."
         + postgres::quoted_name(of_.name);
}

std::string read_records::key_of(const postgres::text_row& row) const {
  std::string out = "{";
  for (auto i : of_.primary_key) {
    auto place = std::find(columns_.begin(), columns_.end(), i) - columns_.begin();
    append_field(out, of_.columns[i].name, row[static_cast<std::size_t>(place)], is_integer(of_.columns[i]));
  }
  return out + "}";
}

kafka::outgoing read_records::record(const postgres::text_row& row, std::int64_t now_ms) {
  std::string text = "{\"source\":{\"snapshot\":\"" + std::string(read_by_millrace)
                     + "\",\"lsn\":" + std::to_string(from_.value) + ",\"txId\":" + std::to_string(++rows_)
                     + ",\"ts_ms\":" + std::to_string(now_ms) + ",\"schema\":";
  append_json_string(text, of_.schema);
  text += ",\"table\":";
  append_json_string(text, of_.name);
  text += "},\"op\":\"r\",\"before\":null,\"after\":{";
  for (std::size_t i = 0; i < columns_.size(); ++i)
    append_field(text, of_.columns[columns_[i]].name, row[i], false);
  text += "}}";
  return {topic_, std::nullopt, key_of(row), std::move(text), {}};
}

} // namespace millrace::connect
