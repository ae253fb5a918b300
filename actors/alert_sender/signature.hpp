#pragma once

/// How a webhook's receiver knows a message, after the Standard Webhooks specification
/// (https://www.standardwebhooks.com), for which there are libraries. Pure.

#include "actors/alert_sender/alert_event.hpp"

#include <cstdint>
#include <string>

namespace millrace {

/// Returns the header webhook-signature: "v1," and the HMAC-SHA256 of "ID.TIME.BODY" in base64. The key
/// is the secret as it is; of a secret that begins with whsec_, the rest, decoded from base64.
std::string webhook_signature(const std::string& secret, const std::string& id, std::int64_t time,
                              const std::string& body);

/// Returns whether the secret can be used: it isn't one that begins with whsec_ and isn't base64.
bool good_webhook_secret(const std::string& secret);

/// Returns the header webhook-id: a hash of the event's ID and its state, so it is the same whenever the
/// event is sent.
std::string webhook_id(const alert_event& x);

} // namespace millrace
