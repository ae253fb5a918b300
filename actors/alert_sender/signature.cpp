#include "actors/alert_sender/signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>
#include <optional>

namespace millrace {

namespace {

constexpr std::string_view prefix = "whsec_";
constexpr std::size_t id_bytes = 16;

const unsigned char* bytes_of(const std::string& x) {
  return reinterpret_cast<const unsigned char*>(x.data());
}

std::string base64(const unsigned char* from, std::size_t size) {
  std::string out(4 * ((size + 2) / 3) + 1, '\0');
  auto length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), from, static_cast<int>(size));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

std::optional<std::string> from_base64(const std::string& text) {
  if (text.empty() || text.size() % 4 != 0)
    return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(text),
                      static_cast<int>(text.size()))
      < 0)
    return std::nullopt;
  auto padding = text.size() - 1 - text.find_last_not_of('=');
  if (padding > 2)
    return std::nullopt;
  out.resize(out.size() - padding);
  return out;
}

std::optional<std::string> key_of(const std::string& secret) {
  return secret.starts_with(prefix) ? from_base64(secret.substr(prefix.size())) : secret;
}

} // namespace

std::string webhook_signature(const std::string& secret, const std::string& id, std::int64_t time,
                              const std::string& body) {
  auto key = key_of(secret).value_or(secret);
  auto text = id + "." + std::to_string(time) + "." + body;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(), hash.data(),
       &size);
  return "v1," + base64(hash.data(), size);
}

bool good_webhook_secret(const std::string& secret) { return key_of(secret).has_value(); }

std::string webhook_id(const alert_event& x) {
  constexpr std::string_view hex = "0123456789abcdef";
  auto text = x.id + (x.resolved ? "\nresolved" : "\nfiring");
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(bytes_of(text), text.size(), hash.data());
  std::string out = "msg_";
  for (std::size_t i = 0; i < id_bytes; ++i)
    (out += hex[hash[i] >> 4]) += hex[hash[i] & 15];
  return out;
}

} // namespace millrace
