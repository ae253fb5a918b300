#pragma once

/// Rejects librdkafka's properties that can run code. A file of properties often comes from a third
/// party with a broker's address. It may only say how to reach Kafka. Pure.

#include <string>
#include <string_view>

namespace millrace::kafka {

/// Returns why a property is rejected, or an empty text if it is accepted. Never contains the value.
///
/// Rejected are properties that load code or run a command (plugins, OpenSSL's engines and providers,
/// kinit), pointers (callbacks, opaque, interceptors), files to write (offset.store.*), and simulated
/// brokers (test.mock.*).
std::string why_refused(std::string_view name, std::string_view value);

} // namespace millrace::kafka
