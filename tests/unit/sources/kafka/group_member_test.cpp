#define CAF_SUITE kafka.group_member
#include "actors/sources/kafka/group_member.hpp"

#include "actors/sources/kafka/producer.hpp"
#include "broker.hpp"
#include "process.hpp"
#include "tests/unit/case_seed.hpp"
#include "tests/unit/random_source.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <sstream>
#include <thread>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::kafka;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto session = 2000ms;
/// A busy machine is no reason to fail; who waits that long has failed.
constexpr auto patience = 60s;

settings to(const std::string& address) {
  settings x;
  x.brokers = address;
  return x;
}

void make_topic(const std::string& address, const std::string& name, int partitions) {
  auto maker = std::move(*producer::connect(to(address)));
  if (auto made = maker.create({{.name = name, .partitions = partitions, .config = {}}}, patience); !made)
    CAF_FAIL(made.why().message);
}

std::chrono::nanoseconds thread_cpu() {
  timespec x{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &x);
  return std::chrono::seconds{x.tv_sec} + std::chrono::nanoseconds{x.tv_nsec};
}

/// A member and what it was told.
struct node {
  explicit node(kafka::group_member x) : member(std::move(x)) {}
  kafka::group_member member;
  std::vector<membership_change> told;
  std::set<topic_partition> held; ///< what it was told, one after another
  std::optional<error> failed;
  const std::set<topic_partition>& ours() const { return member.now().ours; }
  bool was_out_of_touch() const {
    return std::any_of(told.begin(), told.end(),
                       [](auto& x) { return x.what == membership_change::kind::out_of_touch; });
  }
};

/// Members of one group, polled in turn.
class crew {
 public:
  explicit crew(int partitions, milliseconds timeout = session)
      : topic(test::fresh_name("shards")), group(test::fresh_name("group")), timeout_(timeout) {
    make_topic(test::kafka_broker(), topic, partitions);
  }

  node& join(const std::string& name) {
    nodes.erase(name);
    return nodes.emplace(name, start(name)).first->second;
  }
  kafka::group_member start(const std::string& name) const {
    return std::move(*kafka::group_member::join(to(test::kafka_broker()), group, name, {topic}, timeout_));
  }
  void kill(const std::string& name) { nodes.erase(name); }
  void leave(const std::string& name) {
    auto left = nodes.at(name).member.leave(10s);
    if (!left)
      CAF_ERROR(left.why().message);
    nodes.erase(name);
  }

  void poll() {
    for (auto& [name, each] : nodes)
      take(each, 1ms);
  }
  static void take(node& each, milliseconds wait) {
    auto got = each.member.poll(wait);
    if (!got)
      each.failed = got.why();
    else if (*got)
      hear(each, **got);
  }
  static void hear(node& each, const membership_change& change) {
    each.told.push_back(change);
    for (auto& where : change.gained)
      if (!each.held.insert(where).second)
        CAF_ERROR("gained what it had");
    for (auto& where : change.lost)
      if (each.held.erase(where) == 0)
        CAF_ERROR("lost what it had not");
    if (each.held != each.ours())
      CAF_ERROR("it has something else than it was told");
  }
  /// Polls until `done`; returns whether it was, in time.
  bool until(const std::function<bool()>& done) {
    auto end = clock_type::now() + patience;
    while (!done()) {
      if (clock_type::now() > end)
        return false;
      poll();
    }
    return true;
  }

  /// Returns whether the members here are the group, and agree.
  bool settled() const {
    std::set<std::string> names;
    for (auto& [name, each] : nodes)
      names.insert(name);
    return std::all_of(nodes.begin(), nodes.end(), [&](auto& x) {
      auto& now = x.second.member.now();
      return now.joined && now.members == names && now.owners == nodes.begin()->second.member.now().owners;
    });
  }
  bool settles() {
    return until([this] { return settled(); });
  }
  ownership owners() const {
    ownership all;
    for (auto& [name, each] : nodes)
      for (auto& where : each.ours())
        if (!all.emplace(where, name).second)
          CAF_ERROR("two own " << where.topic << "/" << where.partition.value);
    return all;
  }

  std::string topic, group;
  std::map<std::string, node> nodes;

 private:
  milliseconds timeout_;
};

std::set<topic_partition> together(const std::set<topic_partition>& a, const std::set<topic_partition>& b) {
  auto all = a;
  all.insert(b.begin(), b.end());
  return all;
}

milliseconds since(clock_type::time_point begin) {
  return std::chrono::duration_cast<milliseconds>(clock_type::now() - begin);
}

} // namespace

CAF_TEST(who waits for its group leaves the processor alone) {
  crew one(4);
  auto& only = one.join("only");
  CAF_REQUIRE(one.until([&] { return only.ours().size() == 4; }));
  auto busy = thread_cpu();
  auto began = clock_type::now();
  for (int i = 0; i < 500; ++i)
    crew::take(only, 1ms);
  busy = thread_cpu() - busy;
  CAF_CHECK_LESS(busy * 2, clock_type::now() - began);
}

CAF_TEST(one member owns all and is told so once) {
  crew x{8};
  auto& a = x.join("a");
  CAF_REQUIRE(x.settles());
  CAF_CHECK_EQUAL(a.ours().size(), 8u);
  CAF_REQUIRE_EQUAL(a.told.size(), 1u);
  CAF_CHECK(a.told[0].what == membership_change::kind::shared_out);
  CAF_CHECK(a.told[0].gained == a.ours());
  CAF_CHECK(a.told[0].lost.empty());
  CAF_CHECK_EQUAL(a.member.now().round, 1u);
}

CAF_TEST(a second member takes half and the first keeps the other half) {
  crew x{8};
  auto& a = x.join("a");
  CAF_REQUIRE(x.settles());
  auto before = a.ours();
  a.told.clear();
  auto& b = x.join("b");
  CAF_REQUIRE(x.settles());
  CAF_CHECK_EQUAL(a.ours().size(), 4u);
  CAF_CHECK_EQUAL(b.ours().size(), 4u);
  CAF_CHECK(together(a.ours(), b.ours()) == before);
  CAF_REQUIRE_EQUAL(a.told.size(), 1u);
  CAF_CHECK(a.told[0].gained.empty());
  CAF_CHECK(a.told[0].lost == b.ours());
}

CAF_TEST(a member that leaves is replaced at once) {
  crew x{8, 20s};
  auto& a = x.join("a");
  x.join("b");
  CAF_REQUIRE(x.settles());
  auto begin = clock_type::now();
  x.leave("b");
  CAF_REQUIRE(x.settles());
  CAF_CHECK(since(begin) < 10s);
  CAF_CHECK_EQUAL(a.ours().size(), 8u);
}

CAF_TEST(a member that leaves while it joins leaves no state) {
  crew x{8, 20s};
  x.join("a");
  CAF_REQUIRE(x.settles());
  for (int i = 0; i < 3; ++i) {
    auto begin = clock_type::now();
    auto b = x.start("b");
    std::thread other{[&] {
      for (int k = 0; k < i * 20; ++k)
        static_cast<void>(b.poll(1ms));
      static_cast<void>(b.leave(10s));
    }};
    x.until([&] { return since(begin) > 1s; });
    other.join();
    CAF_REQUIRE(x.settles());
    CAF_CHECK(since(begin) < 15s);
    CAF_CHECK_EQUAL(x.nodes.at("a").ours().size(), 8u);
  }
}

CAF_TEST(a process that is killed is replaced after its session timeout) {
  crew x{8};
  auto& a = x.join("a");
  auto log = std::filesystem::temp_directory_path() / (x.group + ".log");
  auto self = std::filesystem::read_symlink("/proc/self/exe").string();
  auto order = "MILLRACE_TEST_MEMBER=" + test::kafka_broker() + " " + x.group + " b " + x.topic;
  {
    test::process b{{"env", order, self, "-s", "^kafka.process_of_a_member$"}, log};
    CAF_REQUIRE(x.until([&] { return a.ours().size() == 4; }));
  }
  auto begin = clock_type::now();
  CAF_REQUIRE(x.until([&] { return a.ours().size() == 8; }));
  CAF_CHECK(since(begin) < session + 10s);
  std::filesystem::remove(log);
}

CAF_TEST(a member that polls no longer is replaced and comes back when it does) {
  crew x{8};
  auto& a = x.join("a");
  node b{x.start("b")};
  CAF_REQUIRE(x.until([&] {
    crew::take(b, 1ms);
    return a.ours().size() == 4 && b.ours().size() == 4;
  }));
  CAF_REQUIRE(x.until([&] { return a.ours().size() == 8; }));
  CAF_CHECK_EQUAL(b.ours().size(), 4u);
  CAF_REQUIRE(x.until([&] {
    crew::take(b, 1ms);
    return a.ours().size() == 4 && b.member.now().joined && b.was_out_of_touch();
  }));
}

CAF_TEST(a node that starts again under its name has its partitions back and nobody else notices) {
  crew x{8, 20s};
  auto& a = x.join("a");
  x.join("b");
  CAF_REQUIRE(x.settles());
  auto before = x.owners();
  a.told.clear();
  auto begin = clock_type::now();
  x.kill("b");
  auto& b = x.join("b");
  CAF_REQUIRE(x.until([&] { return b.member.now().joined; }));
  CAF_CHECK(since(begin) < 10s);
  CAF_CHECK(x.owners() == before);
  CAF_CHECK(a.told.empty());
}

CAF_TEST(a node that starts again with other topics gets its part of those) {
  crew x{8, 20s};
  auto more = test::fresh_name("more");
  make_topic(test::kafka_broker(), more, 4);
  auto& a = x.join("a");
  x.join("b");
  CAF_REQUIRE(x.settles());
  auto starts_again = [&](std::vector<std::string> topics, std::size_t has) {
    x.kill("b");
    auto b = kafka::group_member::join(to(test::kafka_broker()), x.group, "b", std::move(topics), 20s);
    auto& now = x.nodes.emplace("b", std::move(*b)).first->second.member.now();
    return x.until([&] { return now.ours.size() == has && now.owners == a.member.now().owners; });
  };
  CAF_CHECK(starts_again({x.topic, more}, 4 + 4));
  CAF_CHECK_EQUAL(a.ours().size(), 4u);
  CAF_MESSAGE("and without them again");
  CAF_CHECK(starts_again({x.topic}, 4));
  CAF_CHECK_EQUAL(a.member.now().owners.size(), 8u);
}

CAF_TEST(of two members under one name the older one is told) {
  crew x{8};
  auto& a = x.join("a");
  CAF_REQUIRE(x.settles());
  node newer{x.start("a")};
  CAF_REQUIRE(x.until([&] {
    crew::take(newer, 1ms);
    return a.failed && newer.member.now().joined;
  }));
  CAF_CHECK(a.failed->code == errc::fenced);
  CAF_CHECK(a.failed->message.find("another node runs under the name a") != std::string::npos);
  CAF_CHECK(!a.member.now().joined);
  CAF_CHECK(!newer.failed);
  CAF_CHECK_EQUAL(newer.ours().size(), 8u);
  CAF_CHECK(a.member.leave(1s));
}

CAF_TEST(a topic that is missing is named and waited for) {
  crew x{4};
  auto later = test::fresh_name("later");
  node a{std::move(
      *kafka::group_member::join(to(test::kafka_broker()), x.group, "a", {x.topic, later}, session))};
  node b{std::move(*kafka::group_member::join(to(test::kafka_broker()), test::fresh_name("group"), "b",
                                              {later}, session))};
  auto poll = [&] {
    crew::take(a, 1ms);
    crew::take(b, 1ms);
  };
  CAF_REQUIRE(x.until([&] {
    poll();
    return a.ours().size() == 4 && !a.member.now().missing.empty() && !b.member.now().missing.empty();
  }));
  CAF_CHECK(a.member.now().missing == std::set<std::string>{later});
  CAF_CHECK(!b.member.now().joined);
  CAF_CHECK(!a.failed && !b.failed);
  make_topic(test::kafka_broker(), later, 2);
  CAF_REQUIRE(x.until([&] {
    poll();
    return a.ours().size() == 6 && b.ours().size() == 2;
  }));
  CAF_CHECK(a.member.now().missing.empty());
  CAF_CHECK(b.member.leave(10s));
}

CAF_TEST(a session timeout that Kafka refuses is an error that says so) {
  crew x{1, 500ms};
  auto& a = x.join("a");
  CAF_REQUIRE(x.until([&] { return a.failed.has_value(); }));
  CAF_CHECK(a.failed->code == errc::bad_setting);
  CAF_CHECK(a.failed->message.find("session timeout of 500 ms") != std::string::npos);
}

CAF_TEST(another program in the group is an error that says so) {
  crew x{4};
  auto foreign = to(test::kafka_broker());
  foreign.librdkafka = {{"partition.assignment.strategy", "roundrobin"}};
  node other{std::move(*kafka::group_member::join(foreign, x.group, "other", {x.topic}, session))};
  CAF_REQUIRE(x.until([&] {
    crew::take(other, 1ms);
    return other.member.now().joined;
  }));
  auto& a = x.join("a");
  CAF_REQUIRE(x.until([&] {
    crew::take(other, 1ms);
    return a.failed.has_value();
  }));
  CAF_CHECK(a.failed->code == errc::bad_setting);
}

CAF_TEST(members outlive a broker that starts again and nothing moves) {
  crew x{32};
  for (auto& name : {"a", "b", "c"})
    x.join(name);
  CAF_REQUIRE(x.settles());
  auto before = x.owners();
  test::kill_kafka();
  CAF_REQUIRE(x.until([&] {
    return std::all_of(x.nodes.begin(), x.nodes.end(),
                       [](auto& each) { return !each.second.member.now().joined; });
  }));
  CAF_CHECK(x.owners() == before);
  CAF_MESSAGE("who leaves meanwhile is told that nobody knows");
  auto begin = clock_type::now();
  auto d = x.start("d");
  CAF_CHECK(!d.leave(500ms));
  CAF_CHECK(!x.nodes.at("c").member.leave(500ms));
  CAF_CHECK(since(begin) < 20s);
  x.kill("c");
  test::start_kafka_again();
  CAF_REQUIRE(x.settles());
  x.join("c");
  CAF_REQUIRE(x.settles());
  CAF_CHECK(x.owners() == before);
}

namespace {

/// Random events in one group, and what each moved.
class churn {
 public:
  explicit churn(std::uint64_t seed) : random_(seed) {}

  void run(std::size_t events) {
    crew_.join("n0");
    CAF_REQUIRE(crew_.settles());
    for (std::size_t i = 0; i < events; ++i)
      step();
    CAF_MESSAGE(moves_ << " moves, " << least_ << " at least");
    for (auto& [what, times] : times_)
      CAF_MESSAGE(what << ": " << report(times));
    // A few events may be unlucky, many aren't.
    CAF_CHECK(moves_ <= least_ * 5 / 4 + 16);
  }

 private:
  void step() {
    auto before = crew_.owners();
    auto members = crew_.nodes.size();
    auto begin = clock_type::now();
    auto what = act();
    CAF_REQUIRE(crew_.settles());
    times_[what].push_back(since(begin));
    auto after = crew_.owners();
    CAF_REQUIRE_EQUAL(after.size(), 32u);
    for (auto& [name, each] : crew_.nodes) {
      CAF_REQUIRE(each.ours().size() >= 32 / crew_.nodes.size());
      CAF_REQUIRE(each.ours().size() <= 32 / crew_.nodes.size() + 1);
      CAF_REQUIRE(!each.failed);
    }
    for (auto& [where, owner] : after)
      moves_ += before[where] == owner ? 0 : 1;
    if (what != "restart")
      least_ += 32 / std::max(members, crew_.nodes.size());
  }

  /// Does something to the group; returns what.
  std::string act() {
    auto& nodes = crew_.nodes;
    std::vector<std::string> in, out;
    for (auto i : {0, 1, 2, 3, 4}) {
      auto name = "n" + std::to_string(i);
      (nodes.count(name) > 0 ? in : out).push_back(name);
    }
    if (out.empty() || (in.size() > 1 && random_.one_in(2))) {
      auto& name = random_.of(in);
      if (random_.one_in(2))
        return crew_.leave(name), "leave";
      return crew_.kill(name), "kill";
    }
    if (random_.one_in(4)) {
      auto& name = random_.of(in);
      crew_.kill(name);
      return crew_.join(name), "restart";
    }
    return crew_.join(random_.of(out)), "join";
  }

  static std::string report(std::vector<milliseconds> times) {
    std::sort(times.begin(), times.end());
    return std::to_string(times.size()) + " times, median " + std::to_string(times[times.size() / 2].count())
           + " ms, longest " + std::to_string(times.back().count()) + " ms";
  }

  crew crew_{32};
  test::random_source random_;
  std::map<std::string, std::vector<milliseconds>> times_;
  std::size_t moves_ = 0, least_ = 0;
};

} // namespace

CAF_TEST(through joins - leaves and kills every partition has one owner and little moves) {
  test::random_source random;
  test::case_seed repeat{random.seed()};
  churn{random.seed()}.run(test::cases(30));
  repeat.passed = true;
}

#undef CAF_SUITE
#define CAF_SUITE kafka.process_of_a_member

CAF_TEST(is a member until it is killed) {
  auto order = std::getenv("MILLRACE_TEST_MEMBER");
  if (!order)
    return; // this is the test's own process
  std::istringstream words{order};
  std::string address, group, name, topic;
  words >> address >> group >> name >> topic;
  auto member = std::move(*kafka::group_member::join(to(address), group, name, {topic}, session));
  while (member.poll(1s)) {
  }
}
