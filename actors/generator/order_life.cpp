#include "actors/generator/order_life.hpp"

#include <array>

namespace millrace::generator {

namespace {

constexpr double cancelled_while_pending = 0.05;
constexpr double cancelled_while_processing = 0.03;
constexpr double returned_share = 0.06;

constexpr std::array<std::string_view, 6> names{"pending",   "processing", "shipped",
                                                "delivered", "cancelled",  "returned"};

} // namespace

std::string_view name_of(order_status x) { return names[static_cast<std::size_t>(x)]; }

std::optional<order_status> status_named(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name)
      return static_cast<order_status>(i);
  return std::nullopt;
}

bool may_follow(order_status from, order_status to) {
  using enum order_status;
  switch (from) {
  case pending:
    return to == processing || to == cancelled;
  case processing:
    return to == shipped || to == cancelled;
  case shipped:
    return to == delivered;
  case delivered:
    return to == returned;
  case cancelled:
  case returned:
    return false;
  }
  return false;
}

std::optional<order_status> next_status(order_status now, dice& chance) {
  using enum order_status;
  switch (now) {
  case pending:
    return chance.chance(cancelled_while_pending) ? cancelled : processing;
  case processing:
    return chance.chance(cancelled_while_processing) ? cancelled : shipped;
  case shipped:
    return delivered;
  case delivered:
    if (chance.chance(returned_share))
      return returned;
    return std::nullopt;
  case cancelled:
  case returned:
    return std::nullopt;
  }
  return std::nullopt;
}

} // namespace millrace::generator
