#include "nodes/cli/node_client.hpp"
#include "nodes/cli/node_probe.hpp"
#include "nodes/cli/verbs.hpp"

#include <nlohmann/json.hpp>

#include <iostream>

namespace millrace {

namespace {

int unhealthy(const std::string& why) {
  std::cerr << "millrace: " << why << "\n";
  return 1;
}

/// Returns why the node says no, as one line.
std::string reasons(const nlohmann::json& told) {
  std::string out;
  for (auto& why : told.value("why", std::vector<std::string>{}))
    out += (out.empty() ? "" : "; ") + why;
  return out;
}

int health_of_generator(const settings& how) {
  auto found = generator_status({how.generator_host, how.generator_port, {}});
  if (!found)
    return unhealthy(found.why().message);
  std::cout << "the generator serves\n";
  return 0;
}

} // namespace

/// A node that starts is healthy, but serves nothing yet: its /readyz has the reason.
int run_health(const settings& how, const std::string& of) {
  if (of == "generator")
    return health_of_generator(how);
  auto found = probe_node(how.http_port, "/healthz");
  if (!found)
    return unhealthy(found.why().message);
  auto phase = found->value("phase", "unknown");
  if (!found->value("healthy", false))
    return unhealthy(reasons(*found));
  if (of == "ready" || phase == "starting") {
    found = probe_node(how.http_port, "/readyz");
    if (!found)
      return unhealthy(found.why().message);
    if (!found->value("ready", false))
      return unhealthy(reasons(*found));
  }
  std::cout << (of == "ready" ? "the node is ready: " : "the node serves: ") << phase << "\n";
  return 0;
}

} // namespace millrace
