#define CAF_SUITE kafka.consumer
#include "actors/sources/kafka/consumer.hpp"

#include "actors/sources/kafka/producer.hpp"
#include "broker.hpp"

#include <librdkafka/rdkafka.h>

#include <functional>
#include <thread>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::kafka;
using namespace std::chrono_literals;

namespace {

settings to(const std::string& address) {
  settings x;
  x.brokers = address;
  x.group = "test";
  return x;
}

/// A topic of one partition (unless told), a producer and a consumer.
struct bench {
  explicit bench(const std::string& address, int partitions = 1,
                 std::map<std::string, std::string> config = {})
      : address(address), topic(test::fresh_name("changes")),
        writer(std::move(*producer::connect(to(address)))),
        reader(std::move(*consumer::connect(to(address)))) {
    auto made = writer.create({{.name = topic, .partitions = partitions, .config = std::move(config)}}, 60s);
    if (!made)
      CAF_FAIL(made.why().message);
  }
  topic_partition at(int partition = 0) const { return {topic, {partition}}; }
  void write(int from, int to, int partition = 0) {
    std::vector<outgoing> all;
    for (int i = from; i < to; ++i)
      all.push_back({topic, partition_id{partition}, std::to_string(i), std::to_string(i), {}});
    auto sent = writer.send(all, 60s);
    if (!sent)
      CAF_FAIL(sent.why().message);
  }
  std::string address, topic;
  producer writer;
  consumer reader;
};

/// What came of one partition.
struct seen {
  std::vector<std::string> payloads;
  kafka_offset next{-1};
  bool at_end = false;
  std::optional<error> failed;
};

/// Polls until `done` or 60 s have passed.
std::map<topic_partition, seen> poll_until(consumer& from,
                                           const std::function<bool(std::map<topic_partition, seen>&)>& done,
                                           std::size_t most = 100) {
  std::map<topic_partition, seen> all;
  auto until = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < until && !done(all))
    for (auto& batch : from.poll(most, 50ms)) {
      auto& x = all[batch.from];
      for (auto& each : batch.records)
        x.payloads.emplace_back(each.payload.value_or("(none)"));
      x.next = batch.next;
      x.at_end = batch.at_end;
      if (batch.failed)
        x.failed = batch.failed;
    }
  return all;
}

seen read_to_end(bench& of, kafka_offset from) {
  auto assigned = of.reader.assign({{of.at(), from}});
  if (!assigned)
    CAF_FAIL(assigned.why().message);
  return poll_until(of.reader,
                    [&](auto& all) { return all[of.at()].at_end || all[of.at()].failed; })[of.at()];
}

/// Waits until the partition's readable end is `end`.
bool ends_at(bench& of, kafka_offset end) {
  auto until = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < until)
    if (auto ends = of.reader.bounds(of.at(), 30s); ends && ends->high == end)
      return true;
  return false;
}

/// Writes in transactions, as exactly-once Connect does.
class transactional {
 public:
  explicit transactional(const std::string& address) {
    auto* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", address.c_str(), nullptr, 0);
    rd_kafka_conf_set(conf, "transactional.id", test::fresh_name("t").c_str(), nullptr, 0);
    handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
    rd_kafka_init_transactions(handle_, 60'000);
  }
  transactional(const transactional&) = delete;
  transactional& operator=(const transactional&) = delete;
  ~transactional() { rd_kafka_destroy(handle_); }
  void begin() { rd_kafka_begin_transaction(handle_); }
  void write(const std::string& topic, int from, int to) {
    for (int i = from; i < to; ++i) {
      auto text = std::to_string(i);
      rd_kafka_producev(handle_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(0),
                        RD_KAFKA_V_VALUE(text.data(), text.size()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                        RD_KAFKA_V_END);
    }
    rd_kafka_flush(handle_, 60'000);
  }
  void commit() { rd_kafka_commit_transaction(handle_, 60'000); }
  void abort() { rd_kafka_abort_transaction(handle_, 60'000); }

 private:
  rd_kafka_t* handle_;
};

std::vector<std::string> numbers(int from, int to) {
  std::vector<std::string> all;
  for (int i = from; i < to; ++i)
    all.push_back(std::to_string(i));
  return all;
}

} // namespace

CAF_TEST(a partition is read from the offset given to its end) {
  auto& address = test::kafka_broker();
  bench x{address};
  x.write(0, 250);
  auto got = read_to_end(x, kafka_offset{40});
  CAF_CHECK(got.payloads == numbers(40, 250));
  CAF_CHECK_EQUAL(got.next.value, 250);
}

CAF_TEST(next passes the commit marker at the end and reaches the end of the partition) {
  auto& address = test::kafka_broker();
  bench x{address};
  transactional t{address};
  t.begin();
  t.write(x.topic, 0, 3);
  t.commit();
  // The markers are written after commit has returned.
  CAF_REQUIRE(ends_at(x, kafka_offset{4}));
  auto got = read_to_end(x, kafka_offset{0});
  CAF_CHECK(got.payloads == numbers(0, 3));
  CAF_CHECK_EQUAL(got.next.value, 4);
  CAF_MESSAGE("again, after another transaction");
  t.begin();
  t.write(x.topic, 3, 4);
  t.commit();
  auto more = poll_until(x.reader, [&](auto& all) { return all[x.at()].next == kafka_offset{6}; });
  CAF_CHECK(more[x.at()].payloads == numbers(3, 4));
  CAF_CHECK(more[x.at()].at_end);
}

CAF_TEST(an aborted transaction is never seen and next passes it) {
  auto& address = test::kafka_broker();
  bench x{address};
  transactional t{address};
  t.begin();
  t.write(x.topic, 0, 5);
  t.abort();
  CAF_REQUIRE(ends_at(x, kafka_offset{6}));
  auto got = read_to_end(x, kafka_offset{0});
  CAF_CHECK(got.payloads.empty());
  CAF_CHECK_EQUAL(got.next.value, 6);
}

CAF_TEST(an open transaction is neither read nor within the bounds) {
  auto& address = test::kafka_broker();
  bench x{address};
  x.write(0, 2);
  transactional t{address};
  t.begin();
  t.write(x.topic, 2, 5);
  auto ends = x.reader.bounds(x.at(), 30s);
  CAF_REQUIRE(ends);
  CAF_CHECK_EQUAL(ends->high.value, 2);
  auto got = read_to_end(x, kafka_offset{0});
  CAF_CHECK(got.payloads == numbers(0, 2));
  CAF_CHECK_EQUAL(got.next.value, 2);
  t.commit();
  auto more = poll_until(x.reader, [&](auto& all) { return all[x.at()].next == kafka_offset{6}; });
  CAF_CHECK(more[x.at()].payloads == numbers(2, 5));
}

CAF_TEST(an offset past the end is an error of its partition and not a jump) {
  auto& address = test::kafka_broker();
  bench x{address, 2};
  x.write(0, 10, 0);
  x.write(0, 10, 1);
  CAF_REQUIRE(x.reader.assign({{x.at(0), kafka_offset{1000}}, {x.at(1), kafka_offset{0}}}));
  auto got = poll_until(x.reader, [&](auto& all) { return all[x.at(0)].failed && all[x.at(1)].at_end; });
  CAF_REQUIRE(got[x.at(0)].failed);
  CAF_CHECK(got[x.at(0)].failed->message.find(x.topic + "/0") != std::string::npos);
  CAF_CHECK(got[x.at(0)].payloads.empty());
  CAF_CHECK_EQUAL(got[x.at(1)].payloads.size(), 10u);
  CAF_MESSAGE("a seek to a good offset mends it");
  CAF_REQUIRE(x.reader.seek(x.at(0), kafka_offset{7}));
  auto mended = poll_until(x.reader, [&](auto& all) { return all[x.at(0)].at_end; });
  CAF_CHECK(mended[x.at(0)].payloads == numbers(7, 10));
}

CAF_TEST(an offset that retention removed is an error and not a jump) {
  auto& address = test::kafka_broker();
  bench x{address, 1, {{"retention.ms", "1"}, {"segment.bytes", "1048576"}}};
  x.write(0, 10);
  auto until = std::chrono::steady_clock::now() + 60s;
  auto low = [&] {
    auto ends = x.reader.bounds(x.at(), 30s);
    return ends ? ends->low : no_offset;
  };
  while (low() < kafka_offset{10} && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(100ms);
  CAF_REQUIRE_EQUAL(low().value, 10);
  CAF_CHECK(read_to_end(x, kafka_offset{3}).failed);
  CAF_CHECK(!read_to_end(x, no_offset).failed);
}

CAF_TEST(a seek gives exactly the records from its offset on) {
  auto& address = test::kafka_broker();
  bench x{address, 2};
  x.write(0, 5000, 0);
  x.write(0, 5000, 1);
  CAF_REQUIRE(x.reader.assign({{x.at(0), kafka_offset{0}}, {x.at(1), kafka_offset{0}}}));
  int other = 0;
  for (int offset : {4000, 10, 2500, 0, 4999, 4990}) {
    // Some of what was prefetched is read first, so that there is old to throw away.
    auto before = poll_until(
        x.reader, [&](auto& all) { return !all[x.at(0)].payloads.empty(); }, 7);
    other += static_cast<int>(before[x.at(1)].payloads.size());
    CAF_REQUIRE(x.reader.seek(x.at(0), kafka_offset{offset}));
    auto got = poll_until(x.reader, [&](auto& all) { return all[x.at(0)].at_end; });
    CAF_CHECK(got[x.at(0)].payloads == numbers(offset, 5000));
    other += static_cast<int>(got[x.at(1)].payloads.size());
    CAF_REQUIRE(x.reader.seek(x.at(0), kafka_offset{0}));
  }
  CAF_MESSAGE("the other partition isn't touched");
  CAF_CHECK_EQUAL(other, 5000);
}

CAF_TEST(a paused partition is silent and goes on where it stopped) {
  auto& address = test::kafka_broker();
  bench x{address, 2};
  x.write(0, 3000, 0);
  x.write(0, 3000, 1);
  CAF_REQUIRE(x.reader.assign({{x.at(0), kafka_offset{0}}, {x.at(1), kafka_offset{0}}}));
  auto got = poll_until(
      x.reader, [&](auto& all) { return all[x.at(0)].payloads.size() >= 10; }, 10)[x.at(0)];
  x.reader.pause(x.at(0));
  auto rest = poll_until(x.reader, [&](auto& all) { return all[x.at(1)].at_end; });
  CAF_CHECK(rest[x.at(0)].payloads.empty());
  for (int i = 0; i < 5; ++i) { // a pause before anything was read again, too
    x.reader.resume(x.at(0));
    x.reader.pause(x.at(0));
  }
  x.reader.resume(x.at(0));
  auto last = poll_until(x.reader, [&](auto& all) { return all[x.at(0)].at_end; })[x.at(0)];
  got.payloads.insert(got.payloads.end(), last.payloads.begin(), last.payloads.end());
  CAF_CHECK(got.payloads == numbers(0, 3000));
}

CAF_TEST(a partition that was paused when it was taken away is read when it returns) {
  bench x{test::kafka_broker()};
  x.write(0, 3);
  CAF_REQUIRE(x.reader.assign({{x.at(), kafka_offset{0}}}));
  poll_until(x.reader, [&](auto& all) { return all[x.at()].at_end; });
  x.reader.pause(x.at());
  CAF_REQUIRE(x.reader.unassign({x.at()}));
  CAF_REQUIRE(x.reader.assign_more({{x.at(), kafka_offset{1}}}));
  auto all = poll_until(x.reader, [&](auto& found) { return found[x.at()].at_end; });
  CAF_CHECK(all[x.at()].payloads == numbers(1, 3));
}

CAF_TEST(a seek of a paused partition holds when it goes on) {
  auto& address = test::kafka_broker();
  bench x{address};
  x.write(0, 1000);
  CAF_REQUIRE(x.reader.assign({{x.at(), kafka_offset{0}}}));
  poll_until(
      x.reader, [&](auto& all) { return all[x.at()].payloads.size() >= 500; }, 50);
  x.reader.pause(x.at());
  CAF_REQUIRE(x.reader.seek(x.at(), kafka_offset{100}));
  x.reader.resume(x.at());
  auto got = poll_until(x.reader, [&](auto& all) { return all[x.at()].at_end; });
  CAF_CHECK(got[x.at()].payloads == numbers(100, 1000));
}

CAF_TEST(a new assignment replaces the old one and its prefetched records) {
  auto& address = test::kafka_broker();
  bench x{address, 2};
  x.write(0, 2000, 0);
  x.write(0, 2000, 1);
  for (int round = 0; round < 5; ++round) {
    CAF_REQUIRE(x.reader.assign({{x.at(0), kafka_offset{0}}, {x.at(1), kafka_offset{0}}}));
    poll_until(
        x.reader, [&](auto& all) { return all[x.at(0)].payloads.size() >= 10; }, 10);
    CAF_REQUIRE(x.reader.assign({{x.at(0), kafka_offset{1500}}}));
    auto got = poll_until(x.reader, [&](auto& all) { return all[x.at(0)].at_end; });
    CAF_CHECK(got[x.at(0)].payloads == numbers(1500, 2000));
    CAF_CHECK(got.find(x.at(1)) == got.end());
  }
}

CAF_TEST(a record of 64 MiB comes through) {
  auto& address = test::kafka_broker();
  bench x{address, 1, {{"max.message.bytes", "83886080"}}};
  std::string large(64u << 20, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) // doesn't compress to nothing
    large[i] = static_cast<char>((i * 2654435761u) >> 13);
  CAF_REQUIRE(x.writer.send(
      {{x.topic, partition_id{0}, "k", large, {}}, {x.topic, partition_id{0}, "k", "small", {}}}, 60s));
  auto got = read_to_end(x, kafka_offset{0});
  CAF_REQUIRE_EQUAL(got.payloads.size(), 2u);
  CAF_CHECK(got.payloads[0] == large);
}

CAF_TEST(records outlive their consumer) {
  auto& address = test::kafka_broker();
  std::vector<record> kept;
  {
    bench x{address};
    x.write(0, 10);
    CAF_REQUIRE(x.reader.assign({{x.at(), kafka_offset{0}}}));
    auto until = std::chrono::steady_clock::now() + 60s;
    while (kept.size() < 10 && std::chrono::steady_clock::now() < until)
      for (auto& batch : x.reader.poll(3, 50ms))
        kept.insert(kept.end(), batch.records.begin(), batch.records.end());
  }
  CAF_REQUIRE_EQUAL(kept.size(), 10u);
  CAF_CHECK_EQUAL(*kept[9].payload, "9");
}

CAF_TEST(a missing topic and a server that is gone are errors that name it) {
  auto& address = test::kafka_broker();
  bench x{address, 3};
  auto missing = x.reader.partitions("no-such-topic", 30s);
  CAF_REQUIRE(!missing);
  CAF_CHECK_EQUAL(missing.why().message, "topic no-such-topic doesn't exist");
  auto there = x.reader.partitions(x.topic, 30s);
  CAF_REQUIRE(there);
  CAF_CHECK_EQUAL(there->size(), 3u);
  auto gone = consumer::connect(to("127.0.0.1:1"));
  CAF_REQUIRE(gone);
  CAF_CHECK(!gone->partitions(x.topic, 500ms));
  CAF_CHECK(!gone->topics(x.topic, 500ms));
}

CAF_TEST(topics are listed by the beginning of their name with their partitions) {
  auto& address = test::kafka_broker();
  bench x{address, 3}, other{address};
  auto found = x.reader.topics(x.topic, 30s);
  CAF_REQUIRE(found);
  CAF_CHECK(*found == (std::map<std::string, int>{{x.topic, 3}}));
  CAF_CHECK(x.reader.topics("no-such-topic", 30s)->empty());
}

CAF_TEST(the offsets of a group are committed) {
  auto& address = test::kafka_broker();
  bench x{address};
  x.write(0, 5);
  read_to_end(x, kafka_offset{0});
  x.reader.commit({{x.at(), kafka_offset{5}}});
  auto* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", address.c_str(), nullptr, 0);
  rd_kafka_conf_set(conf, "group.id", "test", nullptr, 0);
  auto* other = rd_kafka_new(RD_KAFKA_CONSUMER, conf, nullptr, 0);
  auto* list = rd_kafka_topic_partition_list_new(1);
  auto* mine = rd_kafka_topic_partition_list_add(list, x.topic.c_str(), 0);
  auto until = std::chrono::steady_clock::now() + 60s;
  while (mine->offset != 5 && std::chrono::steady_clock::now() < until) {
    x.reader.poll(1, 20ms);
    rd_kafka_committed(other, list, 5000);
  }
  CAF_CHECK_EQUAL(mine->offset, 5);
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_destroy(other);
}

CAF_TEST(a property that librdkafka refuses is named without its value) {
  settings x = to("127.0.0.1:1");
  x.librdkafka = {{"sasl.mechanisms", "PLAIN"}, {"security.protocol", "secret-value"}};
  auto refused = consumer::connect(x);
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.why().code == errc::bad_setting);
  CAF_CHECK(refused.why().message.find("security.protocol") != std::string::npos);
  CAF_CHECK(refused.why().message.find("secret-value") == std::string::npos);
  x.librdkafka = {{"no.such.property", "1"}};
  CAF_CHECK(!consumer::connect(x));
}
