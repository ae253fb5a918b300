#include "actors/sources/kafka/letter_topic.hpp"

namespace millrace::kafka {

namespace {

constexpr std::chrono::seconds put_timeout{30}, kafka_timeout{15};
/// Short, because who counts does other work that can't wait.
constexpr std::chrono::seconds count_timeout{3};

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

template <class Client>
result<Client*> opened(std::unique_ptr<Client>& client, const settings& how) {
  if (!client) {
    auto fresh = Client::connect(how);
    if (!fresh)
      return fresh.why();
    client = std::make_unique<Client>(std::move(*fresh));
  }
  return client.get();
}

} // namespace

letter_topic::letter_topic(settings how, std::string topic, topics_by_source sources)
    : how_(std::move(how)), topic_(std::move(topic)), sources_(std::move(sources)) {}

result<consumer*> letter_topic::reads() { return opened(reads_, how_); }

result<producer*> letter_topic::writes() { return opened(writes_, how_); }

result<void> letter_topic::put(std::vector<new_letter> letters) {
  auto to = writes();
  if (!to)
    return to.why();
  std::vector<outgoing> records;
  for (auto& x : letters)
    records.push_back(make_dead_letter(topic_, sources_.at(x.source), offset_of(x.at), x.table,
                                       std::move(x.key), std::move(x.payload), x.why, x.at_ms));
  return (*to)->send(records, put_timeout);
}

result<std::map<std::string, dead_letter>> letter_topic::open() {
  auto from = reads();
  if (!from)
    return from.why();
  auto book = read_letters(**from, topic_, kafka_timeout);
  if (!book)
    return book.why();
  book_ = std::move(*book);
  return std::map<std::string, dead_letter>(book_.open().begin(), book_.open().end());
}

result<std::map<std::string, std::int64_t>> letter_topic::count() {
  auto from = reads();
  if (!from)
    return from.why();
  auto bounds = (*from)->bounds({topic_, {0}}, count_timeout);
  if (!bounds)
    return bounds.why();
  if (bounds->high == seen_)
    return counts_;
  auto book = read_letters(**from, topic_, kafka_timeout);
  if (!book)
    return book.why();
  seen_ = bounds->high;
  return counts_ = book->by_table();
}

result<letter_content> letter_topic::read(const std::string& origin) {
  auto which = book_.open().find(origin);
  if (which == book_.open().end())
    return error{errc::bad_setting, "no dead letter \"" + origin + "\" is open"};
  auto from = reads();
  auto x = from ? read_letter(**from, which->second, kafka_timeout) : result<record>(from.why());
  if (!x)
    return x.why();
  letter_content out;
  if (x->key)
    out.key = std::string(*x->key);
  if (x->payload)
    out.payload = std::string(*x->payload);
  return out;
}

result<void> letter_topic::resolve(const std::vector<std::string>& origins, const std::string& how) {
  auto to = writes();
  if (!to)
    return to.why();
  std::vector<outgoing> notes;
  for (auto& origin : origins)
    if (auto letter = book_.open().find(origin); letter != book_.open().end())
      notes.push_back(make_resolution(topic_, letter->second, how, now_ms()));
  return notes.empty() ? result<void>() : (*to)->send(notes, kafka_timeout);
}

} // namespace millrace::kafka
