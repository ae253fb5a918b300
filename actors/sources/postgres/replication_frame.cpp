#include "actors/sources/postgres/replication_frame.hpp"

#include "actors/sources/postgres/wire_reader.hpp"

namespace millrace::postgres {

namespace {

void append_u64(std::string& out, std::uint64_t x) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out += static_cast<char>(x >> shift);
}

replication_frame frame_in(wire_reader& in) {
  switch (in.u8()) {
  case 'w': {
    in.rename("XLogData");
    wal_data out;
    out.at = lsn{in.u64()};
    in.u64(); // the same LSN again
    in.u64(); // the server's clock
    out.content = in.rest();
    return out;
  }
  case 'k': {
    in.rename("keepalive");
    keepalive out;
    out.sent = lsn{in.u64()};
    in.u64(); // the server's clock
    out.wants_reply = in.u8() != 0;
    in.want_end();
    return out;
  }
  default:
    in.refuse("neither XLogData nor a keepalive");
  }
}

} // namespace

result<replication_frame> read_frame(std::string_view bytes) {
  wire_reader in(bytes, "replication");
  try {
    return frame_in(in);
  } catch (const malformed& why) {
    return error{errc::bad_record, why.what()};
  }
}

std::string status_update(lsn confirmed, std::chrono::system_clock::time_point now, bool wants_reply) {
  constexpr std::chrono::sys_days epoch = std::chrono::year{2000} / 1 / 1;
  auto since = std::chrono::duration_cast<std::chrono::microseconds>(now - epoch).count();
  std::string out = "r";
  for (int i = 0; i < 3; ++i)
    append_u64(out, confirmed.value);
  append_u64(out, static_cast<std::uint64_t>(since));
  return out + (wants_reply ? '\1' : '\0');
}

} // namespace millrace::postgres
