#include "actors/redis/pack.hpp"

#include "actors/redis/msgpack_writer.hpp"
#include "actors/redis/table_doubt.hpp"

#include <msgpack.hpp>

#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <set>

namespace millrace::redis {

namespace {

/// Reads a text from its beginning. A step that fails leaves it as it is.
class text_reader {
 public:
  explicit text_reader(std::string_view text) : left_(text) {}

  bool skip(std::string_view what) {
    if (!left_.starts_with(what))
      return false;
    left_.remove_prefix(what.size());
    return true;
  }

  template <class T>
  bool number(T& out) {
    auto [end, code] = std::from_chars(left_.data(), left_.data() + left_.size(), out);
    if (code != std::errc{})
      return false;
    left_.remove_prefix(static_cast<std::size_t>(end - left_.data()));
    return true;
  }

  bool at_end() const { return left_.empty(); }

 private:
  std::string_view left_;
};

/// A position in the ledger: HIGH.LOW, or HIGH alone if LOW is 0.
std::string words_of(stream_position x) {
  return std::to_string(x.high) + (x.low == 0 ? "" : "." + std::to_string(x.low));
}

bool read_words(text_reader& from, stream_position& out) {
  return from.number(out.high) && (!from.skip(".") || from.number(out.low));
}

constexpr std::size_t first_block = 4; ///< ARGV 1 to 3 belong to the flush

/// Appends a block to ARGV. Returns its number, counted from 1 as in Lua; 0 if the block is empty.
std::int64_t place_block(std::vector<std::string>& argv, const std::string& block) {
  if (block.empty())
    return 0;
  argv.push_back(block);
  return static_cast<std::int64_t>(argv.size());
}

/// Packs a subject's columns: name, text, ...
void pack_texts(msgpack_writer& to, const std::vector<std::string>& all) {
  to.list(all.size());
  for (auto& x : all)
    to.text(x);
}

/// Packs {alert, subject, step, state, at, start, columns, severity, revision, ttl} as functions/alerts.lua
/// names them. An empty state removes the subject.
void pack_alert(msgpack_writer& to, const alert_change& x, const packed_plans& plans) {
  static const packed_plans::figure gone;
  auto& figure = plans.figures.size() > x.figure.value ? plans.figures[x.figure.value] : gone;
  auto& plan = figure.name == x.alert ? figure : gone;
  to.list(10).text(x.alert).text(x.subject).number(static_cast<std::int64_t>(x.what));
  to.text(x.kept ? subject_text(x.now) : "").text(std::to_string(x.at.value));
  to.text(std::to_string(x.event.start.value));
  pack_texts(to, x.event.columns);
  to.text(plan.severity).text(plan.revision).number(plan.ttl_seconds);
}

/// Packs a cell's fields in the order that functions/ledger.lua names.
void pack_cell(msgpack_writer& to, const cell_flush& x, std::vector<std::string>& argv,
               const packed_plans& plans) {
  to.list(14).text(cell_name(x.cell)).text(x.owner);
  to.text(std::to_string(x.number - 1)).text(std::to_string(x.number));
  to.text(std::to_string(x.generation)).text(std::to_string(x.generation + 1));
  to.number(place_block(argv, x.block)).number(place_block(argv, x.copy_block));
  to.flag(x.copy_block_too).number(static_cast<std::int64_t>(x.copy_length));
  to.list(x.positions.size() * 2);
  for (auto& at : x.positions)
    to.text(position_field(at.source)).text(position_text(at));
  to.text(span_text(x.span));
  to.list(x.alerts.size());
  for (auto& each : x.alerts)
    pack_alert(to, each, plans);
  pack_texts(to, x.alerts_known);
}

const char* verb(char op) {
  return op == 'c' ? "created" : op == 'u' ? "updated" : op == 'd' ? "deleted" : nullptr;
}

/// Packs keys and amounts in turn: cdc:stats:total, cdc:stats:TABLE:OP, metrics:TABLE:VERB.
void pack_counts(msgpack_writer& to, const std::vector<cell_flush>& cells, const packed_plans& plans) {
  std::vector<std::pair<std::string, std::int64_t>> out;
  std::int64_t total = 0;
  for (auto& [what, count] : merge_counts(cells)) {
    auto& table = plans.tables.at(what.first.value);
    total += count;
    out.emplace_back(plans.key_prefix + "cdc:stats:" + table + ":" + what.second, count);
    if (auto name = verb(what.second))
      out.emplace_back(plans.key_prefix + "metrics:" + table + ":" + name, count);
  }
  if (total != 0)
    out.emplace_back(plans.key_prefix + "cdc:stats:total", total);
  to.list(out.size() * 2);
  for (auto& [key, count] : out)
    to.text(key).text(std::to_string(count));
}

void pack_heads(msgpack_writer& to, const place_commands& places) {
  to.list(places.commands.size() * 4);
  for (auto& x : places.commands)
    to.number(static_cast<std::int64_t>(x.what))
        .number(x.figure.value)
        .number(x.ttl_seconds)
        .number(static_cast<std::int64_t>(x.count));
}

void pack_slots(msgpack_writer& to, aggregate_kind kind, const merged_aggregate& x) {
  if (kind == aggregate_kind::count || kind == aggregate_kind::count_rows) {
    to.number(x.count);
  } else if (kind == aggregate_kind::sum || kind == aggregate_kind::avg) {
    to.number(x.count).number(x.nans).integer(x.sum);
  } else if (x.bests.empty()) {
    to.flag(false);
  } else {
    to.list(x.bests.size() * 2);
    for (auto& [cell, best] : x.bests)
      to.text(cell_name(cell)).text(best);
  }
}

std::size_t slots_of(aggregate_kind kind) {
  return kind == aggregate_kind::sum || kind == aggregate_kind::avg ? 3 : 1;
}

/// Packs {group, key, member, closes at, shown, rows, always, slots...}.
void pack_group(msgpack_writer& to, const merged_rollup& x, const packed_plans::figure& plan) {
  std::size_t slots = 0;
  for (auto kind : plan.aggregates)
    slots += slots_of(kind);
  to.list(7 + slots).text(x.first->group);
  if (plan.fixed_key)
    to.flag(false);
  else
    to.text(x.first->key);
  to.text(x.first->member); // can be empty, because a group key can be
  to.number(x.closes_at).list(x.first->shown.size());
  for (auto& text : x.first->shown)
    to.text(text);
  to.number(x.rows).flag(x.always);
  static const merged_aggregate unchanged;
  for (std::size_t i = 0; i < plan.aggregates.size(); ++i)
    pack_slots(to, plan.aggregates[i], i < x.aggregates.size() ? x.aggregates[i] : unchanged);
}

/// Returns {{number, spec, groups}, ...} for figures that changed, and those whose buckets close.
std::string pack_rollups(const std::map<figure_id, std::vector<merged_rollup>>& rolled,
                         const packed_plans& plans) {
  std::string groups;
  msgpack_writer to(groups);
  std::size_t figures = 0;
  for (std::uint16_t i = 0; i < plans.figures.size(); ++i) {
    auto& plan = plans.figures[i];
    auto found = rolled.find(figure_id{i});
    if (found == rolled.end() && !plan.closes)
      continue;
    ++figures;
    to.list(3).number(i).raw(plan.spec).list(found == rolled.end() ? 0 : found->second.size());
    if (found != rolled.end())
      for (auto& group : found->second)
        pack_group(to, group, plan);
  }
  std::string out;
  msgpack_writer(out).list(figures).raw(groups);
  return out;
}

void pack_names(msgpack_writer& to, const place_commands& places,
                const std::map<figure_id, std::vector<merged_rollup>>& rolled, const packed_plans& plans) {
  std::map<figure_id, std::string_view> names;
  for (auto& x : places.commands)
    names.emplace(x.figure, plans.figures.at(x.figure.value).name);
  for (auto& [figure, groups] : rolled)
    names.emplace(figure, plans.figures.at(figure.value).name);
  to.map(names.size());
  for (auto& [figure, name] : names)
    to.number(figure.value).text(name);
}

/// Packs figures, the keys of their newest places' copies, and names in turn.
void pack_newest(msgpack_writer& to, const packed_plans& plans) {
  std::vector<std::uint16_t> which;
  for (std::uint16_t i = 0; i < plans.figures.size(); ++i)
    if (!plans.figures[i].newest.empty())
      which.push_back(i);
  to.list(which.size() * 3);
  for (auto i : which)
    to.number(i).text(plans.figures[i].newest).text(plans.figures[i].name);
}

/// Packs {figure, stream, maxlen, channel, goes live} for each figure whose places others follow.
void pack_followed(msgpack_writer& to, const std::vector<cell_flush>& cells, const packed_plans& plans) {
  std::set<figure_id> opened;
  for (auto& x : cells)
    opened.insert(x.opened.begin(), x.opened.end());
  std::vector<std::uint16_t> which;
  for (std::uint16_t i = 0; i < plans.figures.size(); ++i)
    if (!plans.figures[i].events.empty() || !plans.figures[i].notify.empty())
      which.push_back(i);
  to.list(which.size());
  for (auto i : which) {
    auto& x = plans.figures[i];
    to.list(5).number(i).text(x.events).number(x.events_maxlen).text(x.notify).flag(opened.count({i}) > 0);
  }
}

/// Packs tables and doubts in turn.
void pack_doubts(msgpack_writer& to, const std::vector<cell_flush>& cells, tick_seconds tick,
                 const packed_plans& plans) {
  std::map<table_id, lsn> unknown;
  for (auto& cell : cells)
    for (auto& [table, from] : cell.unknown_reads)
      unknown[table] = std::max(unknown[table], from);
  to.list(unknown.size() * 2);
  for (auto& [table, from] : unknown) {
    auto& name = plans.doubted_as.at(table.value);
    table_doubt x{"Redis has gone back to before a read of " + name, "millrace resync " + name, tick.value,
                  from, true};
    to.text(name).text(to_json(x));
  }
}

} // namespace

std::string cell_name(cell_id x) {
  return std::to_string(x.shard.value) + ":" + std::to_string(x.entity.value);
}

std::vector<std::string> pack_flush(const std::vector<cell_flush>& cells, tick_seconds tick,
                                    const packed_plans& plans) {
  auto places = coalesce(cells);
  auto rolled = merge_rollups(cells);
  std::vector<std::string> argv(first_block - 1);
  std::string head;
  msgpack_writer to(head);
  to.list(9).number(tick.value).list(cells.size());
  for (auto& cell : cells)
    pack_cell(to, cell, argv, plans);
  pack_counts(to, cells, plans);
  pack_heads(to, places);
  pack_names(to, places, rolled, plans);
  pack_doubts(to, cells, tick, plans);
  pack_newest(to, plans);
  to.text(plans.key_prefix);
  pack_followed(to, cells, plans);
  argv[0] = std::move(head);
  argv[1] = pack_rollups(rolled, plans);
  msgpack_writer args(argv[2]);
  args.list(places.args.size());
  for (auto& x : places.args)
    args.text(x);
  return argv;
}

std::string subject_text(const alert_subject& x) {
  std::string out;
  msgpack_writer to(out);
  to.list(4).number(static_cast<std::int64_t>(x.what)).number(x.since.value).number(x.start.value);
  pack_texts(to, x.columns);
  return out;
}

std::optional<alert_subject> read_subject(const std::string& text) {
  try {
    auto unpacked = msgpack::unpack(text.data(), text.size());
    std::tuple<std::uint8_t, std::int64_t, std::int64_t, std::vector<std::string>> x;
    unpacked.get().convert(x);
    auto& [what, since, start, columns] = x;
    if (what > static_cast<std::uint8_t>(alert_subject::phase::recovering))
      return std::nullopt;
    return alert_subject{static_cast<alert_subject::phase>(what), {since}, {start}, std::move(columns)};
  } catch (const std::exception&) { // whatever msgpack finds wrong
    return std::nullopt;
  }
}

std::string span_text(const tick_span& x) {
  return x.tick.value == 0 ? "" : std::to_string(x.tick.value) + ":" + std::to_string(x.next.value);
}

std::optional<tick_span> read_span(const std::string& text) {
  tick_span out;
  int end = 0;
  if (std::sscanf(text.c_str(), "%" SCNd64 ":%" SCNd64 "%n", &out.tick.value, &out.next.value, &end) != 2
      || static_cast<std::size_t>(end) != text.size())
    return std::nullopt;
  return out;
}

/// The number in halves, as a ledger has it that is older than the number.
std::string position_field(source_id x) {
  return "p:" + std::to_string(x.value >> 32) + ":" + std::to_string(x.value & 0xffff'ffff);
}

std::string position_text(const position& x) {
  return words_of(x.last) + ":" + words_of(x.seen.where) + ":" + std::to_string(x.seen.hash);
}

std::optional<position> read_position(const std::string& field, const std::string& text) {
  std::uint32_t upper = 0, lower = 0;
  position out;
  text_reader name(field), value(text);
  if (!name.skip("p:") || !name.number(upper) || !name.skip(":") || !name.number(lower) || !name.at_end()
      || !read_words(value, out.last) || !value.skip(":") || !read_words(value, out.seen.where)
      || !value.skip(":") || !value.number(out.seen.hash) || !value.at_end())
    return std::nullopt;
  out.source = {std::uint64_t{upper} << 32 | lower};
  return out;
}

} // namespace millrace::redis
