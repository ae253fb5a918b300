#include "actors/generator/generator_actor.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::milliseconds pause_interval{100};
constexpr std::chrono::seconds open_interval{1};

generator::moment now() {
  return std::chrono::time_point_cast<generator::moment::duration>(std::chrono::system_clock::now());
}

} // namespace

generator_actor::behavior_type generator_state::make_behavior(postgres::settings where,
                                                              generator::options options) {
  to = std::move(where);
  how = options;
  self->send(self, atom::tick_v);
  return {
      [this](atom::tick) { step(); },
      [this](atom::rate, double rows_per_second) {
        how.rate = rows_per_second;
        if (shop)
          shop->set_rate(rows_per_second, now());
      },
      [this](atom::pause, bool yes) {
        paused = yes;
        return paused;
      },
      [this](atom::status) { return status(); },
  };
}

void generator_state::step() {
  if (!shop) {
    auto opened = generator::shop_generator::open(to, how, now());
    if (!opened) {
      if (trouble != opened.why().message)
        spdlog::warn("generator: {}", opened.why().message);
      trouble = opened.why().message;
      return self->delayed_send(self, open_interval, atom::tick_v);
    }
    shop.emplace(std::move(*opened));
    trouble.clear();
  }
  if (paused)
    return self->delayed_send(self, pause_interval, atom::tick_v);
  auto written = shop->step(now());
  if (!written)
    spdlog::warn("generator: {}", written.why().message);
  self->delayed_send(self, std::min(shop->due_in(now()), pause_interval), atom::tick_v);
}

std::string generator_state::status() const {
  auto so_far = shop ? shop->so_far() : generator::counters{};
  return nlohmann::json{{"rate", how.rate},
                        {"paused", paused},
                        {"transactions", so_far.transactions},
                        {"rows", so_far.rows},
                        {"conflicts", so_far.conflicts},
                        {"outages", so_far.outages},
                        {"trouble", trouble}}
      .dump();
}

generator_actor::behavior_type generator_of_shop(generator_actor::stateful_pointer<generator_state> self,
                                                 postgres::settings to, generator::options how) {
  return self->state.make_behavior(std::move(to), how);
}

} // namespace millrace
