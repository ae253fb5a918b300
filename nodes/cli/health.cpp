#include "nodes/cli/node_client.hpp"
#include "nodes/cli/verbs.hpp"

#include <nlohmann/json.hpp>

#include <iostream>

namespace millrace {

namespace {

int unhealthy(const std::string& why) {
  std::cerr << "millrace: " << why << "\n";
  return 1;
}

} // namespace

int run_health(const settings& how, const std::string& of) {
  auto is_node = of != "generator";
  auto found =
      is_node ? node_status(how.http_port) : generator_status({how.generator_host, how.generator_port, {}});
  if (!found)
    return unhealthy(found.why().message);
  auto phase = found->value("phase", is_node ? "starting" : "");
  if (phase == "starting")
    return unhealthy(found->value("why", "the node starts"));
  std::cout << (is_node ? "the node serves: " + phase : "the generator serves") << "\n";
  return 0;
}

} // namespace millrace
