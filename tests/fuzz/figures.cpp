/// A file of figures, which anybody may have written: each is planned or refused at a place in the file.

#include "actors/figures/language/target.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/unit/small_shop.hpp"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::input in(bytes, size);
  auto text = in.rest();
  (void)is_target_line(text);
  (void)parse_target(text);
  auto planned = plan_texts({{"figures.sql", text}}, test::small_catalog(), {"public"}, {});
  for (auto& x : planned.refusals)
    fuzz::holds(!to_text(x).empty(), "a refusal says why");
  return 0;
}
