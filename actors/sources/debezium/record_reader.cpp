#include "actors/sources/debezium/record_reader.hpp"

#include <utility>

namespace millrace {

namespace json = simdjson::ondemand;

namespace {

/// Larger buffers aren't kept for the next record, in bytes.
constexpr std::size_t large_record = 4u << 20;

/// Returns whether simdjson may read past the end of the text: the bytes it reads there lie on the page of
/// the text's last byte. Source: simdjson, "Free padding".
bool padded_as_it_lies(std::string_view bytes) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return bytes.empty() && false;
#else
  constexpr std::uintptr_t page = 4096;
  auto last = reinterpret_cast<std::uintptr_t>(bytes.data()) + bytes.size() - 1;
  return !bytes.empty() && last % page + simdjson::SIMDJSON_PADDING < page;
#endif
}

json::object object_in(json::value x, const char* what) {
  if (x.type() != json::json_type::object)
    throw undecodable(std::string(what) + " isn't an object");
  return x.get_object();
}

std::optional<decoded_row> optional_row(json::value x, row_decoder& by, const std::vector<wire_form>& forms,
                                        const char* what) {
  if (x.is_null())
    return std::nullopt;
  auto from = object_in(x, what);
  try {
    return by.decode(from, forms);
  } catch (const missing_column& why) {
    throw missing_column(std::string(what) + ": " + why.what());
  } catch (const undecodable& why) {
    throw undecodable(std::string(what) + ": " + why.what());
  }
}

/// Throws if a field occurs twice, because it isn't clear which one counts.
bool first(bool& seen, const char* name) {
  if (std::exchange(seen, true))
    throw undecodable(std::string(name) + " stands twice in the record");
  return true;
}

char op_in(json::value x) {
  std::string_view text = x.get_string();
  if (text.size() != 1)
    throw undecodable("op says " + excerpt(text) + ", which we don't know");
  return text.front();
}

json::object root_of(json::document& x, const char* what) {
  if (x.type() != json::json_type::object)
    throw undecodable(std::string(what) + " isn't a JSON object");
  return x.get_object();
}

void want_end(json::document& x, const char* what) {
  if (x.current_location().error() != simdjson::OUT_OF_BOUNDS)
    throw undecodable(std::string(what) + " goes on after its JSON has ended");
}

} // namespace

json::document json_text::parse(std::string_view bytes) {
  if (padded_as_it_lies(bytes))
    return parser_.iterate(bytes.data(), bytes.size(), bytes.size() + simdjson::SIMDJSON_PADDING);
  buffer_.reserve(bytes.size() + simdjson::SIMDJSON_PADDING);
  buffer_.assign(bytes);
  return parser_.iterate(buffer_.data(), buffer_.size(), buffer_.capacity());
}

void json_text::shrink() {
  if (buffer_.capacity() <= large_record)
    return;
  std::string().swap(buffer_);
  parser_ = json::parser();
}

const std::vector<wire_form>& form_cache::by_schema(std::string_view schema) {
  if (schema == last_)
    return forms_;
  try {
    forms_ = schema_forms(table_, schema, part_);
  } catch (const std::exception&) {
    throw undecodable("the record's schema isn't one of Kafka Connect's");
  }
  last_ = schema;
  return forms_;
}

record_reader::record_reader(const postgres::table& table, const std::vector<std::uint16_t>& wanted,
                             const std::vector<std::uint16_t>& wanted_of_old, const connector_modes& modes)
    : table_(table), row_(table, wanted), old_row_(table, wanted_of_old), whole_old_row_(table, wanted),
      key_row_(table, table.primary_key), row_forms_(table, schema_part::row, modes),
      key_forms_(table, schema_part::key, modes) {}

envelope record_reader::read_payload(std::string_view bytes, const placeholder_teller& placeholder) {
  return read(bytes, placeholder, old_row_);
}

envelope record_reader::read_payload_with_old_row(std::string_view bytes,
                                                  const placeholder_teller& placeholder) {
  return read(bytes, placeholder, whole_old_row_);
}

envelope record_reader::read(std::string_view bytes, const placeholder_teller& placeholder,
                             row_decoder& by_old) {
  forms_ = &row_forms_.by_catalog();
  envelope out;
  auto document = payload_.parse(bytes);
  auto root = root_of(document, "the payload");
  try {
    read_envelope(root, false, by_old, out);
  } catch (const missing_column&) {
    if (!out.source || out.source->snapshot != snapshot_kind::ours)
      throw;
    out.of_other_figures = true;
    return out;
  }
  want_end(document, "the payload");
  settle(out.before, out, placeholder);
  settle(out.after, out, placeholder);
  return out;
}

/// Resolves suspects: each is a value or a placeholder.
void record_reader::settle(std::optional<decoded_row>& x, const envelope& of,
                           const placeholder_teller& placeholder) const {
  if (!x || x->suspects.empty())
    return;
  auto said = placeholder ? placeholder() : std::nullopt;
  for (auto& suspect : std::exchange(x->suspects, {}))
    if (is_left_out(suspect, of.op == 'r', said))
      x->unavailable.push_back(suspect.column);
    else
      x->values[suspect.column] =
          decode_suspect(suspect.text, table_.columns[suspect.column], (*forms_)[suspect.column]);
}

/// `was_read`: by a snapshot, whose records leave out nothing.
bool record_reader::is_left_out(const suspect_text& x, bool was_read,
                                const std::optional<std::string>& placeholder) const {
  auto& column = table_.columns[x.column];
  if (was_read)
    return false;
  if (placeholder)
    return is_placeholder(x.text, *placeholder, placeholder_of(column));
  if (!is_placeholder(x.text, connect::public_placeholder, placeholder_of(column)))
    return false;
  throw undecodable(
      "column " + column.name + ": it is " + std::string(connect::public_placeholder)
      + ", and the record has no header millrace.placeholder that tells whether that is a text, or"
        " stands for a long value that the log leaves out (TOAST)");
}

void record_reader::read_envelope(json::object from, bool wrapped, row_decoder& by_old, envelope& out) {
  for (auto each : from) {
    auto field = field_of(std::move(each));
    auto name = field.key();
    if (name == "before" && first(out.seen.before, "before"))
      out.before = optional_row(field.value(), by_old, *forms_, "before");
    else if (name == "after" && first(out.seen.after, "after"))
      out.after = optional_row(field.value(), row_, *forms_, "after");
    else if (name == "source" && first(out.seen.source, "source") && !field.value().is_null()) {
      out.source = read_source(object_in(field.value(), "source"));
      if (out.source->snapshot == snapshot_kind::ours) // the field precedes the row
        forms_ = &row_forms_.of_texts();
    } else if (name == "op" && first(out.seen.op, "op"))
      out.op = op_in(field.value());
    else if (!wrapped && name == "schema" && !field.value().is_null())
      forms_ = &row_forms_.by_schema(object_in(field.value(), "schema").raw_json());
    else if (!wrapped && name == "payload" && !field.value().is_null())
      read_envelope(object_in(field.value(), "payload"), true, by_old, out);
  }
}

/// Reads {"schema": ..., "payload": the key}.
decoded_row record_reader::read_wrapped_key(json::object from) {
  decoded_row out;
  auto* forms = &key_forms_.by_catalog();
  for (auto each : from) {
    auto field = field_of(std::move(each));
    if (field.key() == "schema")
      forms = &key_forms_.by_schema(object_in(field.value(), "the key's schema").raw_json());
    else if (field.key() == "payload")
      out = key_row_.decode(object_in(field.value(), "the key's payload"), *forms);
  }
  if (out.values.empty())
    throw undecodable("the key has no payload");
  return out;
}

row record_reader::read_key(std::string_view bytes) {
  auto document = key_.parse(bytes);
  auto from = root_of(document, "the key");
  json::value schema;
  // A column can have the name schema, but its value isn't an object.
  auto wrapped = from.find_field_unordered("schema").get(schema) == simdjson::SUCCESS
                 && schema.type() == json::json_type::object;
  from.reset().value();
  auto all = wrapped ? read_wrapped_key(from) : key_row_.decode(from, key_forms_.by_catalog());
  want_end(document, "the key");
  for (auto& suspect : all.suspects) // a key leaves out nothing
    all.values[suspect.column] = decode_suspect(suspect.text, table_.columns[suspect.column], {});
  row out;
  for (auto i : table_.primary_key) {
    if (is_null(all.values[i]))
      throw undecodable("column " + table_.columns[i].name + " of the key is null");
    out.push_back(std::move(all.values[i]));
  }
  return out;
}

void record_reader::shrink() {
  payload_.shrink();
  key_.shrink();
}

} // namespace millrace
