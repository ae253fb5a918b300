#pragma once

/// Names, places and products for an invented shop.

#include "actors/generator/dice.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::generator {

struct place {
  std::string_view city, state, zip_prefix; ///< the prefix has three digits
};

struct kind_of_goods {
  std::string_view name, category;
  std::int64_t from_cents, to_cents; ///< the range of its price
};

std::string_view first_name(dice& chance);
std::string_view last_name(dice& chance);
/// Returns a city. Large cities are more frequent.
const place& home(dice& chance);
const kind_of_goods& goods(dice& chance);
/// Returns a word that distinguishes one article from others of its kind.
std::string_view adjective(dice& chance);
/// Returns a house number and a street.
std::string street(dice& chance);

} // namespace millrace::generator
