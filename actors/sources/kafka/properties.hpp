#pragma once

/// Properties of librdkafka that whoever writes them runs code by. A file of
/// properties comes with a broker's address, often from somebody else: it says
/// how to reach Kafka, and nothing more. Pure.

#include <string>
#include <string_view>

namespace millrace::kafka {

/// Returns why the property isn't taken; empty: it is. Never shows the value.
///
/// Refused are those that load code or run a command (plugins, OpenSSL's engines
/// and providers, kinit), pointers (callbacks, opaque, interceptors), files that
/// are written (offset.store.*), and brokers that aren't there (test.mock.*).
std::string why_refused(std::string_view name, std::string_view value);

} // namespace millrace::kafka
