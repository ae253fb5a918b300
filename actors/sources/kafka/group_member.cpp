#include "actors/sources/kafka/group_member.hpp"

#include "actors/sources/kafka/group_client.hpp"
#include "actors/sources/kafka/group_look.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace::kafka {

namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

constexpr milliseconds look_timeout{5'000};
constexpr milliseconds first_pause{20}; ///< between group requests; doubles each time
constexpr milliseconds longest_pause{1'000};
constexpr milliseconds step{5}; ///< per queue, while two queues are polled
constexpr milliseconds between_rejoins{5'000};

std::set<topic_partition> owned_by(const std::string& name, const ownership& owners) {
  std::set<topic_partition> ours;
  for (auto& [where, owner] : owners)
    if (owner == name)
      ours.insert(where);
  return ours;
}

std::set<topic_partition> without(const std::set<topic_partition>& some,
                                  const std::set<topic_partition>& others) {
  std::set<topic_partition> rest;
  std::set_difference(some.begin(), some.end(), others.begin(), others.end(),
                      std::inserter(rest, rest.end()));
  return rest;
}

} // namespace

struct group_member::impl {
  /// The member's state in its group.
  enum class phase : std::uint8_t {
    outside, ///< not joined yet, or removed; librdkafka joins by itself
    waiting, ///< the group rebalances
    looking, ///< joined; the other members aren't known yet
    settled,
    leaving,
  };

  group_request request;
  std::optional<group_client> kafka;
  membership now;
  phase stands = phase::outside;
  clock::time_point in_touch; ///< when the member was last settled
  std::optional<group_look> look;
  clock::time_point next_look, next_rejoin;
  milliseconds pause = first_pause;
  std::optional<membership_change> change; ///< for poll() to return
  std::optional<error> problem;            ///< for poll() to return

  /// Handles the group's events that arrive within `wait`, then does what is due.
  void serve(milliseconds wait);
  void hear(group_event event);
  void turn(phase next);
  void miss(const std::string& topic);

  void look_around();
  void look_again();
  void learn(const group_view& view);
  void share(ownership owners, const group_view& view);
  void lose_touch(const char* why);

  /// Returns whether Kafka has registered exactly these topics for the member.
  bool knows_topics(const shared_topics& seen, const seen_member& me) const;
  void rejoin();
  bool joins() const;
  bool is_gone(const std::string& id, clock::time_point until);
};

void group_member::impl::serve(milliseconds wait) {
  if (stands == phase::looking)
    wait = std::min(wait, step);
  if (auto event = kafka->poll(wait))
    hear(std::move(*event));
  else if (stands == phase::looking) // the event outdates the request
    look_around();
  auto unsure = stands != phase::settled && stands != phase::leaving;
  if (unsure && now.joined && clock::now() - in_touch > request.session_timeout)
    lose_touch("Kafka doesn't answer");
}

void group_member::impl::hear(group_event event) {
  using kind = group_event::kind;
  switch (event.what) {
  case kind::in:
    return turn(phase::looking);
  case kind::rebalancing:
    return turn(phase::waiting);
  case kind::out:
    turn(phase::outside);
    return lose_touch("its session with Kafka expired, or Kafka couldn't be reached");
  case kind::missing_topic:
    return miss(event.topic);
  case kind::refused:
    problem = std::move(event.why);
  }
}

void group_member::impl::turn(phase next) {
  if (stands == phase::leaving)
    return;
  if (stands == phase::settled)
    in_touch = clock::now();
  stands = next;
  look.reset();
  pause = first_pause;
  next_look = clock::now();
}

void group_member::impl::miss(const std::string& topic) {
  if (now.missing.insert(topic).second)
    spdlog::warn("kafka: the group {} waits for the topic {}, which doesn't exist", request.group, topic);
}

void group_member::impl::look_around() {
  if (!look && clock::now() < next_look)
    return;
  if (!look) {
    auto begun = group_look::begin(request.how, request.group, look_timeout);
    if (!begun)
      return look_again();
    look.emplace(std::move(*begun));
  }
  auto seen = look->poll(milliseconds{0});
  if (!seen)
    return;
  look.reset();
  if (*seen)
    return learn(**seen);
  spdlog::warn("kafka: {}", seen->why().message);
  if (seen->why().code == errc::denied)
    problem = seen->why();
  look_again();
}

void group_member::impl::look_again() {
  next_look = clock::now() + pause;
  pause = std::min(2 * pause, longest_pause);
}

/// Accepts a view of the group if the group is stable and contains this member. If it rebalances afterwards,
/// an event reports that, and the view is requested again.
void group_member::impl::learn(const group_view& view) {
  auto me = view.members.find(request.instance);
  if (!view.stable || me == view.members.end() || me->second.id != kafka->member_id())
    return look_again();
  if (!view.to_strangers.empty())
    spdlog::warn("kafka: another program is in the group {}", request.group);
  auto topics = topics_of(view);
  share(share_out(topics), view);
  if (!knows_topics(topics, me->second))
    rejoin();
}

void group_member::impl::share(ownership owners, const group_view& view) {
  auto ours = owned_by(request.instance, owners);
  change = membership_change{membership_change::kind::shared_out, without(ours, now.ours),
                             without(now.ours, ours)};
  now.ours = std::move(ours);
  now.owners = std::move(owners);
  now.members.clear();
  for (auto& [name, member] : view.members)
    now.members.insert(name);
  for (auto& [where, owner] : now.owners)
    now.missing.erase(where.topic);
  ++now.round;
  now.joined = true;
  stands = phase::settled;
}

void group_member::impl::lose_touch(const char* why) {
  if (!now.joined)
    return;
  now.joined = false;
  change = membership_change{membership_change::kind::out_of_touch, {}, {}};
  spdlog::warn("kafka: {} has lost its group {}: {}", request.instance, request.group, why);
}

bool group_member::impl::knows_topics(const shared_topics& seen, const seen_member& me) const {
  auto& ours = request.topics;
  auto is_read = [&](auto& topic) {
    auto found = seen.find(topic);
    return now.missing.count(topic) > 0
           || (found != seen.end() && found->second.readers.count(request.instance) > 0);
  };
  auto is_ours = [&](auto& where) { return std::find(ours.begin(), ours.end(), where.topic) != ours.end(); };
  return std::all_of(ours.begin(), ours.end(), is_read)
         && std::all_of(me.assigned.begin(), me.assigned.end(), is_ours);
}

/// Joins again. A node that restarts with its name gets its old assignment without a rebalance, so topics
/// that are new to the group need one.
void group_member::impl::rejoin() {
  if (clock::now() < next_rejoin)
    return;
  next_rejoin = clock::now() + between_rejoins;
  spdlog::info("kafka: {} is rejoining the group {}: its topics have changed", request.instance,
               request.group);
  kafka->unsubscribe();
  if (auto joins = kafka->subscribe(); !joins)
    problem = joins.why();
}

/// Returns whether librdkafka is joining the group. A member that leaves now would stay in the group until
/// the session timeout.
bool group_member::impl::joins() const {
  auto on_the_way = stands == phase::waiting || stands == phase::outside;
  return on_the_way && now.missing.size() < request.topics.size();
}

/// Returns whether Kafka confirms, before `until`, that the member isn't in the group.
bool group_member::impl::is_gone(const std::string& id, clock::time_point until) {
  while (clock::now() < until) {
    auto begun = group_look::begin(request.how, request.group, look_timeout);
    if (!begun)
      return false;
    std::optional<result<group_view>> seen;
    while (!seen && clock::now() < until) {
      serve(milliseconds{0});
      seen = begun->poll(step);
    }
    if (!seen || !*seen)
      continue;
    auto me = (*seen)->members.find(request.instance);
    if (me == (*seen)->members.end() || me->second.id != id)
      return true;
  }
  return false;
}

group_member::group_member(std::unique_ptr<impl> x) : impl_(std::move(x)) {}
group_member::~group_member() = default;
group_member::group_member(group_member&&) noexcept = default;
group_member& group_member::operator=(group_member&&) noexcept = default;

result<group_member> group_member::join(const settings& how, const std::string& group,
                                        const std::string& instance, std::vector<std::string> topics,
                                        milliseconds session_timeout) {
  auto x = std::make_unique<impl>();
  x->request = {how, group, instance, std::move(topics), session_timeout};
  auto opened = group_client::open(x->request);
  if (!opened)
    return opened.why();
  x->kafka.emplace(std::move(*opened));
  return group_member{std::move(x)};
}

result<std::optional<membership_change>> group_member::poll(milliseconds timeout) {
  auto& x = *impl_;
  auto until = clock::now() + timeout;
  while (x.kafka) {
    // Rounded up: librdkafka uses milliseconds, and a wait of 0 would busy-loop until the end.
    auto left = std::chrono::ceil<milliseconds>(until - clock::now());
    x.serve(std::max(left, milliseconds{0}));
    if (auto why = x.kafka->fatal()) {
      x.now.joined = false;
      return *why;
    }
    if (auto why = std::exchange(x.problem, std::nullopt))
      return *why;
    if (x.change || clock::now() >= until)
      break;
  }
  return std::exchange(x.change, std::nullopt);
}

const membership& group_member::now() const { return impl_->now; }

result<void> group_member::leave(milliseconds timeout) {
  auto& x = *impl_;
  auto until = clock::now() + timeout;
  if (!x.kafka)
    return {};
  while (x.joins() && !x.kafka->fatal() && clock::now() < until)
    x.serve(step);
  auto id = x.kafka->member_id();
  x.stands = impl::phase::leaving;
  x.look.reset();
  x.kafka->unsubscribe();
  auto gone = x.kafka->fatal() || x.is_gone(id, until);
  x.now.joined = false;
  x.kafka.reset();
  if (!gone)
    return error{errc::unavailable, "leaving the group " + x.request.group + ": Kafka didn't confirm it"};
  return {};
}

} // namespace millrace::kafka
