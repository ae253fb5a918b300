#pragma once

/// The life of an order: which status can follow which.
///
///   pending -> processing -> shipped -> delivered -> returned
///      \-> cancelled <-/

#include "actors/generator/dice.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::generator {

enum class order_status : std::uint8_t { pending, processing, shipped, delivered, cancelled, returned };

/// Returns the status as orders.status stores it.
std::string_view name_of(order_status x);

/// Returns the status with this name. Returns nullopt for an unknown name.
std::optional<order_status> status_named(std::string_view name);

/// Returns whether an order can change from one status to the other in one step.
bool may_follow(order_status from, order_status to);

/// Returns an order's next status. Returns nullopt if its status is final.
std::optional<order_status> next_status(order_status now, dice& chance);

} // namespace millrace::generator
