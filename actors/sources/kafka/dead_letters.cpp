#include "actors/sources/kafka/dead_letters.hpp"

#include <algorithm>
#include <charconv>

namespace millrace::kafka {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t at_once = 100;
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

void letter_book::add(const topic_partition& from, const record& x) {
  auto key = x.key ? std::optional(std::string(*x.key)) : std::nullopt;
  add(from, x.offset, headers_of(x), content_of(x), std::move(key));
}

void letter_book::add(const topic_partition& from, kafka_offset at, const header_list& headers,
                      std::size_t content, std::optional<std::string> key) {
  if (auto* resolved = find(headers, "millrace.resolves")) {
    if (auto letter = open_.find(*resolved); letter != open_.end()) {
      resolved_[*resolved] = letter->second.content;
      open_.erase(letter);
    }
  } else if (auto letter = letter_in(headers)) {
    letter->stored_in = from;
    letter->stored = at;
    letter->content = content;
    letter->key = std::move(key);
    auto name = letter->origin;
    auto known = resolved_.find(name);
    if (known == resolved_.end() || known->second != content)
      open_.try_emplace(std::move(name), std::move(*letter));
  } else {
    ++strangers_;
  }
}

std::map<std::string, std::int64_t> letter_book::by_table() const {
  std::map<std::string, std::int64_t> out;
  for (auto& [_, letter] : open_)
    ++out[letter.table];
  return out;
}

result<letter_book> read_letters(consumer& from, const std::string& topic,
                                 std::chrono::milliseconds timeout) {
  auto until = clock::now() + timeout;
  auto partitions = from.partitions(topic, timeout);
  if (!partitions)
    return partitions.why();
  std::map<topic_partition, kafka_offset> start, left;
  for (auto p : *partitions) {
    auto bounds = from.bounds({topic, p}, timeout);
    if (!bounds)
      return bounds.why();
    if (bounds->low == bounds->high)
      continue;
    start[{topic, p}] = bounds->low;
    left[{topic, p}] = bounds->high;
  }
  if (auto assigned = from.assign(start); !assigned)
    return assigned.why();
  letter_book out;
  while (!left.empty()) {
    if (clock::now() > until)
      return error{errc::unavailable, "Kafka is slow to show " + topic};
    for (auto& batch : from.poll(at_once, slice)) {
      if (batch.failed)
        return *batch.failed;
      for (auto& x : batch.records)
        out.add(batch.from, x);
      if (auto at = left.find(batch.from); at != left.end() && batch.next >= at->second)
        left.erase(at);
    }
  }
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
