#pragma once

/// The life of an order: which status may follow which.
///
///   pending -> processing -> shipped -> delivered -> returned
///      \-> cancelled <-/

#include "actors/generator/dice.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::generator {

enum class order_status : std::uint8_t { pending, processing, shipped, delivered, cancelled, returned };

/// Returns the status as orders.status holds it.
std::string_view name_of(order_status x);

/// Returns the status of that name; none for a name that isn't ours.
std::optional<order_status> status_named(std::string_view name);

/// Returns true if an order may go from one to the other in one step.
bool may_follow(order_status from, order_status to);

/// Returns what becomes of an order next; none if it stays as it is for good.
std::optional<order_status> next_status(order_status now, dice& chance);

} // namespace millrace::generator
