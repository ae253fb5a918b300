/// Whatever a walsender sends: a frame is read or refused in words, positions only grow, and what was decoded
/// crosses to its cell as it is.

#include "actors/sources/postgres/copy_text.hpp"
#include "actors/sources/postgres/replication_frame.hpp"
#include "actors/sources/postgres/transaction_reader.hpp"
#include "messages/rows.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/unit/sources/postgres/plans.hpp"

using namespace millrace;
using namespace millrace::postgres;

namespace {

/// Two tables with columns of most forms; the first has a route by a foreign key.
const plan_set& plans() {
  static auto out = [] {
    auto first = test::simple_table("t", {"owner", "note"});
    for (auto type : {column_type::numeric, column_type::timestamp, column_type::date, column_type::time,
                      column_type::boolean, column_type::numeric_unscaled, column_type::bytea}) {
      column x;
      x.name = "c" + std::to_string(static_cast<int>(type));
      x.type = type;
      x.scale = 2;
      first.columns.push_back(x);
    }
    first.columns[1].not_null = true;
    return test::with_route_by(test::plans_of({first, test::simple_table("s", {"x"})}), "owner");
  }();
  return out;
}

void cross(const std::optional<row>& x) {
  if (!x)
    return;
  row back;
  unpack(pack(*x), back);
  fuzz::holds(back == *x, "a row crosses as it is");
}

/// Returns an event's position, if it is one of the transaction's.
const wal_position* position_of(const stream_event& x) {
  if (auto* message = std::get_if<log_message>(&x))
    return message->transactional ? &message->at : nullptr;
  return std::visit([](auto& each) { return &each.at; }, x);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view left(reinterpret_cast<const char*>(bytes), size);
  transaction_reader reader(plans());
  std::vector<stream_event> events;
  wal_position last;
  // Frames, each with its length in two bytes.
  while (left.size() >= 2) {
    auto length = static_cast<unsigned char>(left[0]) << 8 | static_cast<unsigned char>(left[1]);
    auto frame = std::string(left.substr(2, static_cast<std::size_t>(length))); // bounds are the heap's own
    left.remove_prefix(2 + frame.size());
    copy_text().read(frame);
    auto read = read_frame(frame);
    if (!read) {
      fuzz::holds(!read.why().message.empty(), "a refusal says why");
      continue;
    }
    auto* data = std::get_if<wal_data>(&*read);
    if (!data)
      continue;
    events.clear();
    auto done = reader.read(data->content, data->at, events);
    fuzz::holds(done || !done.why().message.empty(), "a refusal says why");
    for (auto& each : events) {
      if (auto* at = position_of(each)) {
        fuzz::holds(*at > last, "positions only grow");
        last = *at;
      }
      if (auto* change = std::get_if<row_change>(&each)) {
        cross(change->before);
        cross(change->after);
        cross(change->key);
      }
    }
  }
  return 0;
}
