#pragma once

/// Names, places and goods that an invented shop is made of.

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
  std::int64_t from_cents, to_cents; ///< what it costs
};

std::string_view first_name(dice& chance);
std::string_view last_name(dice& chance);
/// Large cities come up more often.
const place& home(dice& chance);
const kind_of_goods& goods(dice& chance);
/// Returns a word that tells one article from another of its kind.
std::string_view adjective(dice& chance);
/// Returns house number and street.
std::string street(dice& chance);

} // namespace millrace::generator
