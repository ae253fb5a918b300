#include "actors/sources/kafka/dead_letters.hpp"

#include <algorithm>
#include <charconv>

namespace millrace::kafka {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds slice{50};

std::string name_of(const topic_partition& from, kafka_offset offset) {
  return from.topic + "/" + std::to_string(from.partition.value) + "/" + std::to_string(offset.value);
}

const std::string* find(const header_list& headers, std::string_view name) {
  auto at = std::find_if(headers.begin(), headers.end(), [&](auto& x) { return x.first == name; });
  return at == headers.end() ? nullptr : &at->second;
}

template <class T>
bool read_number(const std::string* text, T& out) {
  if (!text)
    return false;
  auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), out);
  return code == std::errc{} && end == text->data() + text->size();
}

std::string text_or_empty(const std::string* x) { return x ? *x : std::string(); }

std::size_t content_of(const record& x) {
  std::hash<std::string_view> hash;
  return hash(x.payload.value_or("")) * 31 + hash(x.key.value_or(""));
}

/// Letters are added in the partition's order.
void drop_before(std::deque<kafka_offset>& stored, kafka_offset before) {
  stored.erase(stored.begin(), std::lower_bound(stored.begin(), stored.end(), before));
}

std::optional<stored_letter> letter_in(const header_list& headers) {
  stored_letter out;
  auto* topic = find(headers, "millrace.topic");
  if (!topic || !read_number(find(headers, "millrace.partition"), out.from.partition.value)
      || !read_number(find(headers, "millrace.offset"), out.offset.value))
    return std::nullopt;
  out.from.topic = *topic;
  out.error = text_or_empty(find(headers, "millrace.error"));
  out.table = text_or_empty(find(headers, "millrace.table"));
  read_number(find(headers, "millrace.at"), out.at_ms);
  out.origin = name_of(out.from, out.offset);
  return out;
}

} // namespace

outgoing make_dead_letter(const std::string& topic, const topic_partition& from, kafka_offset offset,
                          const std::string& table, std::optional<std::string> key,
                          std::optional<std::string> payload, const std::string& why, std::int64_t now_ms) {
  auto bytes = (key ? key->size() : 0) + (payload ? payload->size() : 0);
  header_list headers{{"millrace.topic", from.topic},
                      {"millrace.partition", std::to_string(from.partition.value)},
                      {"millrace.offset", std::to_string(offset.value)},
                      {"millrace.error", why.substr(0, longest_letter_error)},
                      {"millrace.table", table},
                      {"millrace.at", std::to_string(now_ms)}};
  auto whole = true;
  if (payload && payload->size() > longest_letter_payload)
    whole = false, payload->resize(longest_letter_payload);
  if (key && key->size() > longest_letter_key)
    whole = false, key.reset();
  if (!whole)
    headers.emplace_back("millrace.bytes", std::to_string(bytes));
  return {topic, std::nullopt, std::move(key), std::move(payload), std::move(headers)};
}

std::optional<topic_partition> partition_in(const std::string& origin) {
  auto end = origin.rfind('/');
  auto begin = end == origin.npos || end == 0 ? origin.npos : origin.rfind('/', end - 1);
  if (begin == origin.npos)
    return std::nullopt;
  auto number = origin.substr(begin + 1, end - begin - 1);
  topic_partition out{origin.substr(0, begin), {}};
  return read_number(&number, out.partition.value) ? std::optional(std::move(out)) : std::nullopt;
}

outgoing make_resolution(const std::string& topic, const stored_letter& of, const std::string& how,
                         std::int64_t now_ms) {
  // To the letter's own partition, because only there it is sure to come later.
  return {topic,
          of.stored_in.partition,
          std::nullopt,
          std::nullopt,
          {{"millrace.resolves", of.origin}, {"millrace.how", how}, {"millrace.at", std::to_string(now_ms)}}};
}

outgoing make_table_resolution(const topic_partition& in, kafka_offset before, const std::string& table,
                               const std::string& how, std::int64_t now_ms) {
  return {in.topic,
          in.partition,
          std::nullopt,
          std::nullopt,
          {{"millrace.resolves-table", table},
           {"millrace.before", std::to_string(before.value)},
           {"millrace.how", how},
           {"millrace.at", std::to_string(now_ms)}}};
}

void letter_book::add(const topic_partition& from, const record& x) {
  auto key = x.key ? std::optional(std::string(*x.key)) : std::nullopt;
  add(from, x.offset, headers_of(x), content_of(x), std::move(key));
}

void letter_book::add(const topic_partition& from, kafka_offset at, const header_list& headers,
                      std::size_t content, std::optional<std::string> key) {
  if (auto* resolved = find(headers, "millrace.resolves")) {
    resolve(*resolved);
  } else if (auto* table = find(headers, "millrace.resolves-table")) {
    if (kafka_offset before{}; read_number(find(headers, "millrace.before"), before.value))
      resolve_table(from, *table, before);
    else
      ++strangers_;
  } else if (auto letter = letter_in(headers)) {
    letter->stored_in = from;
    letter->stored = at;
    letter->content = content;
    letter->key = std::move(key);
    open(from, std::move(*letter));
  } else {
    ++strangers_;
  }
}

void letter_book::open(const topic_partition& from, stored_letter x) {
  auto resolved = resolved_.find(x.origin);
  if ((resolved != resolved_.end() && resolved->second == x.content) || open_.count(x.origin))
    return;
  if (open_.size() >= most_)
    beyond_[{from, x.table}].push_back(x.stored);
  else
    open_.emplace(x.origin, std::move(x));
}

void letter_book::remember(const std::string& origin, std::size_t content) {
  if (!resolved_.insert_or_assign(origin, content).second)
    return;
  resolved_order_.push_back(origin);
  if (resolved_order_.size() > most_) {
    resolved_.erase(resolved_order_.front());
    resolved_order_.pop_front();
  }
}

void letter_book::resolve(const std::string& origin) {
  auto letter = open_.find(origin);
  if (letter == open_.end())
    return;
  remember(origin, letter->second.content);
  open_.erase(letter);
}

void letter_book::resolve_table(const topic_partition& from, const std::string& table, kafka_offset before) {
  std::vector<std::string> origins;
  for (auto& [origin, letter] : open_)
    if (letter.table == table && letter.stored_in == from && letter.stored < before)
      origins.push_back(origin);
  for (auto& each : origins)
    resolve(each);
  if (auto more = beyond_.find({from, table}); more != beyond_.end())
    drop_before(more->second, before);
}

void letter_book::forget(const topic_partition& from, kafka_offset before) {
  std::erase_if(open_, [&](auto& x) { return x.second.stored_in == from && x.second.stored < before; });
  for (auto& [of, stored] : beyond_)
    if (of.first == from)
      drop_before(stored, before);
}

std::map<std::string, std::int64_t> letter_book::by_table() const {
  std::map<std::string, std::int64_t> out;
  for (auto& [_, letter] : open_)
    ++out[letter.table];
  for (auto& [of, stored] : beyond_)
    if (!stored.empty())
      out[of.second] += static_cast<std::int64_t>(stored.size());
  return out;
}

result<record> read_letter(consumer& from, const stored_letter& which, std::chrono::milliseconds timeout) {
  auto until = clock::now() + timeout;
  if (auto assigned = from.assign({{which.stored_in, which.stored}}); !assigned)
    return assigned.why();
  while (clock::now() < until)
    for (auto& batch : from.poll(1, slice)) {
      if (batch.failed)
        return *batch.failed;
      if (!batch.records.empty() && batch.records.front().offset == which.stored)
        return batch.records.front();
      if (!batch.records.empty() || batch.at_end)
        return error{errc::unavailable, "the letter " + which.origin + " isn't in Kafka any more"};
    }
  return error{errc::unavailable, "Kafka is slow to show the letter " + which.origin};
}

} // namespace millrace::kafka
