#define CAF_SUITE kafka.properties
#include "actors/sources/kafka/properties.hpp"

#include <librdkafka/rdkafka.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <vector>

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

/// A property of librdkafka: its name, and its line in the library's own list.
struct known {
  std::string name, line;
};

std::vector<known> all_properties() {
  char* text = nullptr;
  std::size_t size = 0;
  auto* out = ::open_memstream(&text, &size);
  rd_kafka_conf_properties_show(out);
  std::fclose(out);
  std::unique_ptr<char, decltype(&std::free)> owner(text, std::free);
  std::vector<known> found;
  std::istringstream in(std::string(text, size));
  for (std::string line; std::getline(in, line);)
    if (auto end = line.find_first_of(" |"); end != 0 && line.find(" | ") != line.npos && line[0] >= 'a')
      found.push_back({line.substr(0, end), line});
  return found;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

bool refused(const std::string& name) { return !kafka::why_refused(name, "x").empty(); }

} // namespace

CAF_TEST(what the library itself says only a program can set is refused) {
  auto all = all_properties();
  CAF_CHECK(all.size() > 100);
  std::size_t pointers = 0;
  for (auto& x : all)
    if (has(x.line, "see dedicated API") || has(x.line, "callback (set with") || has(x.line, "pointer")) {
      // The certificates that have an API have a property beside it, of another name.
      ++pointers;
      if (!refused(x.name))
        CAF_ERROR("taken: " << x.line);
    }
  CAF_CHECK(pointers > 15);
}

CAF_TEST(what loads code or runs a command or writes files is refused by name) {
  for (auto name :
       {"plugin.library.paths", "ssl.engine.location", "ssl.engine.id", "ssl.providers",
        "sasl.kerberos.kinit.cmd", "interceptors", "opaque", "default_topic_conf", "ssl_engine_callback_data",
        "ssl.certificate.verify_cb", "offset.store.path", "offset.store.method", "test.mock.num.brokers"}) {
    auto why = kafka::why_refused(name, "secret value");
    CAF_CHECK(has(why, name));
    CAF_CHECK(!has(why, "secret value"));
  }
}

CAF_TEST(how to reach a broker is taken) {
  for (auto name : {"security.protocol", "sasl.mechanisms", "sasl.username", "sasl.password",
                    "ssl.ca.location", "ssl.key.location", "ssl.key.password", "ssl.certificate.location",
                    "ssl.crl.location", "ssl.endpoint.identification.algorithm",
                    "sasl.oauthbearer.client.secret", "broker.address.family", "debug"})
    CAF_CHECK(!refused(name));
}

CAF_TEST(what librdkafka puts into a command line is plain) {
  CAF_CHECK_EQUAL(kafka::why_refused("sasl.kerberos.principal", "kafka/host.example@REALM"), "");
  CAF_CHECK(has(kafka::why_refused("sasl.kerberos.keytab", "/etc/x\"; touch /tmp/x; \""), "kinit"));
  CAF_CHECK(has(kafka::why_refused("sasl.kerberos.principal", "$(id)"), "kinit"));
}
