#include "actors/sources/postgres/pgoutput.hpp"

#include "actors/sources/postgres/wire_reader.hpp"

namespace millrace::postgres::pgoutput {

namespace {

using std::chrono::microseconds;

/// PostgreSQL counts from 2000-01-01.
constexpr std::chrono::sys_days postgres_epoch = std::chrono::year{2000} / 1 / 1;

/// Refuses what a later sum with the epoch couldn't hold.
timestamp time_in(wire_reader& in) {
  auto since = static_cast<std::int64_t>(in.u64());
  constexpr std::int64_t limit = std::int64_t{1} << 62;
  if (since > limit || since < -limit)
    in.refuse("no time of a transaction");
  return postgres_epoch + microseconds{since};
}

lsn lsn_in(wire_reader& in) {
  lsn out{in.u64()};
  if (out.value > std::uint64_t{INT64_MAX})
    in.refuse("an LSN beyond 63 bits");
  return out;
}

relation_oid relation_in(wire_reader& in) { return relation_oid{in.u32()}; }

field field_in(wire_reader& in) {
  switch (in.u8()) {
  case 'n':
    return {};
  case 'u':
    return {field::kind::unchanged, {}};
  case 't':
    return {field::kind::text, in.bytes(in.u32())};
  case 'b':
    in.refuse("a binary value, which wasn't asked for");
  default:
    in.refuse("no kind of a value (n, u or t)");
  }
}

tuple tuple_in(wire_reader& in, std::vector<field>& out) {
  out.clear();
  auto count = in.u16();
  if (count > in.left())
    in.refuse("a row of " + std::to_string(count) + " columns");
  out.reserve(count);
  for (int i = 0; i < count; ++i)
    out.push_back(field_in(in));
  return out;
}

old_tuple old_in(wire_reader& in, char kind, std::vector<field>& out) {
  return {kind == 'O', tuple_in(in, out)};
}

bool flag_in(wire_reader& in, const char* what) {
  auto x = in.u8();
  if (x > 1)
    in.refuse(std::string("unknown ") + what);
  return x == 1;
}

begin begin_in(wire_reader& in) {
  begin out;
  out.commit = lsn_in(in);
  out.committed = time_in(in);
  out.xid = in.u32();
  return out;
}

commit commit_in(wire_reader& in) {
  if (in.u8() != 0)
    in.refuse("unknown flags");
  commit out;
  out.at = lsn_in(in);
  out.end = lsn_in(in);
  out.committed = time_in(in);
  return out;
}

origin origin_in(wire_reader& in) {
  auto at = lsn_in(in);
  return {at, in.text()};
}

relation_column column_in(wire_reader& in) {
  relation_column out;
  out.identity = flag_in(in, "flags of a column");
  out.name = in.text();
  out.type = in.u32();
  out.modifier = static_cast<std::int32_t>(in.u32());
  return out;
}

relation relation_in(wire_reader& in, std::vector<relation_column>& columns) {
  relation out;
  out.id = relation_in(in);
  out.schema = in.text();
  if (out.schema.empty()) // that is how the protocol writes it
    out.schema = "pg_catalog";
  out.name = in.text();
  out.identity = static_cast<char>(in.u8());
  if (std::string_view("dnfi").find(out.identity) == std::string_view::npos)
    in.refuse("unknown replica identity");
  auto count = in.u16();
  if (count > in.left())
    in.refuse("a relation of " + std::to_string(count) + " columns");
  columns.clear();
  for (int i = 0; i < count; ++i)
    columns.push_back(column_in(in));
  out.columns = columns;
  return out;
}

type type_in(wire_reader& in) {
  type out;
  out.id = in.u32();
  out.schema = in.text();
  out.name = in.text();
  return out;
}

insert insert_in(wire_reader& in, std::vector<field>& fresh) {
  insert out;
  out.relation = relation_in(in);
  if (in.u8() != 'N')
    in.refuse("no new row (N)");
  out.fresh = tuple_in(in, fresh);
  return out;
}

update update_in(wire_reader& in, std::vector<field>& old, std::vector<field>& fresh) {
  update out;
  out.relation = relation_in(in);
  auto kind = static_cast<char>(in.u8());
  if (kind == 'K' || kind == 'O') {
    out.old = old_in(in, kind, old);
    kind = static_cast<char>(in.u8());
  }
  if (kind != 'N')
    in.refuse("no new row (N)");
  out.fresh = tuple_in(in, fresh);
  return out;
}

remove remove_in(wire_reader& in, std::vector<field>& old) {
  remove out;
  out.relation = relation_in(in);
  auto kind = static_cast<char>(in.u8());
  if (kind != 'K' && kind != 'O')
    in.refuse("no old row (K or O)");
  out.old = old_in(in, kind, old);
  return out;
}

truncate truncate_in(wire_reader& in) {
  auto count = in.u32();
  auto options = in.u8();
  if (options > 3)
    in.refuse("unknown options of TRUNCATE");
  if (count > in.left() / 4)
    in.refuse("a TRUNCATE of " + std::to_string(count) + " relations");
  truncate out;
  out.cascade = options & 1;
  out.restart_identity = options & 2;
  for (std::uint32_t i = 0; i < count; ++i)
    out.relations.push_back(relation_in(in));
  return out;
}

message message_in(wire_reader& in) {
  message out;
  out.transactional = flag_in(in, "flags of a message");
  out.at = lsn_in(in);
  out.prefix = in.text();
  out.content = in.bytes(in.u32());
  return out;
}

} // namespace

result<any> reader::read(std::string_view bytes) {
  wire_reader in(bytes, "pgoutput");
  auto named = [&](const char* name) -> wire_reader& {
    in.rename(name);
    return in;
  };
  auto one = [&]() -> any {
    switch (in.u8()) {
    case 'B':
      return begin_in(named("Begin"));
    case 'C':
      return commit_in(named("Commit"));
    case 'O':
      return origin_in(named("Origin"));
    case 'R':
      return relation_in(named("Relation"), columns_);
    case 'Y':
      return type_in(named("Type"));
    case 'I':
      return insert_in(named("Insert"), fresh_);
    case 'U':
      return update_in(named("Update"), old_, fresh_);
    case 'D':
      return remove_in(named("Delete"), old_);
    case 'T':
      return truncate_in(named("Truncate"));
    case 'M':
      return message_in(named("Message"));
    default:
      in.refuse("a message that protocol 1 doesn't have");
    }
  };
  try {
    auto out = one();
    in.want_end();
    return out;
  } catch (const malformed& why) {
    return error{errc::bad_record, why.what()};
  }
}

} // namespace millrace::postgres::pgoutput
