/// Settings from elsewhere: a configuration file, URLs, librdkafka's properties. Each is taken or refused in
/// words.

#include "actors/postgres/url.hpp"
#include "actors/redis/url.hpp"
#include "actors/sources/kafka/properties.hpp"
#include "nodes/settings/config.hpp"
#include "tests/fuzz/input.hpp"

#include <sstream>

using namespace millrace;

namespace {

template <class T>
void answered(const result<T>& x) {
  fuzz::holds(x || !x.why().message.empty(), "a refusal says why");
}

void configuration(const std::string& text) {
  settings into;
  CLI::App app;
  add_settings(app, into);
  std::istringstream file(text);
  try {
    app.parse_from_stream(file);
  } catch (const CLI::Error& refused) {
    fuzz::holds(refused.get_exit_code() != 0, "a refusal is an error");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::input in(bytes, size);
  switch (in.below(4)) {
  case 0:
    answered(redis::settings_from_url(in.rest()));
    break;
  case 1:
    answered(postgres::settings_from_url(in.rest(), {}));
    break;
  case 2: {
    auto name = in.text();
    (void)kafka::why_refused(name, in.rest());
    break;
  }
  default:
    configuration(in.rest());
  }
  return 0;
}
