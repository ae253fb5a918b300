#pragma once

/// A real Kafka broker for tests: one per test binary, on free loopback ports,
/// in a folder of its own, gone with the binary.

#include <string>

namespace millrace::test {

/// Returns the broker's address, starting it first. Ends the test binary, with
/// the reason, where there are no jars of Kafka or it doesn't start.
const std::string& kafka_broker();

/// Kills the broker, and starts it again with all that it had, at its address;
/// it takes a while until it answers.
void kill_kafka();
void start_kafka_again();

/// Returns a name that no other topic of this run has.
std::string fresh_name(const std::string& stem);

} // namespace millrace::test
