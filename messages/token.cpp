#include "messages/token.hpp"

#include <cstdio>
#include <random>

namespace millrace {

owner_token fresh_token() {
  std::random_device entropy;
  char text[33];
  std::snprintf(text, sizeof text, "%08x%08x%08x%08x", entropy(), entropy(), entropy(), entropy());
  return text;
}

} // namespace millrace
