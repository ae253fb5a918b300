#include "actors/peers/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509err.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>

namespace millrace::peers {

namespace {

constexpr auto certificate_setting = "MILLRACE_NODE_CERTIFICATE";
constexpr auto key_setting = "MILLRACE_NODE_KEY";
constexpr auto authority_setting = "MILLRACE_NODE_AUTHORITY";
/// How far two nodes' clocks may differ. A larger difference means that a clock isn't synchronized.
constexpr std::chrono::seconds clocks_may_differ{600};

error bad(const char* setting, const std::string& what) {
  return {errc::bad_setting, std::string(setting) + ": " + what};
}

result<void> check_file(const char* setting, const std::string& file) {
  if (file.empty())
    return bad(setting, "is missing: TLS between nodes takes a certificate, its key and the authority's "
                        "certificate (`deploy/millrace certs` makes them)");
  errno = 0;
  std::ifstream in(file);
  if (!in || in.peek() == std::ifstream::traits_type::eof())
    return bad(setting, file + (errno ? std::string(": ") + std::strerror(errno) : " is empty"));
  return {};
}

/// Refuses a key that other users can read. Its group may: a service's user gets its secrets that way.
result<void> check_rights(const std::string& key) {
  struct stat found;
  if (stat(key.c_str(), &found) == 0 && (found.st_mode & S_IRWXO))
    return bad(key_setting, "everybody on this machine has rights to " + key
                                + ", and who reads it can be a node: chmod 600 " + key);
  return {};
}

/// Returns an error with OpenSSL's reason. Never contains a file's content.
error refused(const char* setting, const std::string& file, const std::string& expected) {
  auto code = ERR_get_error();
  auto* reason = code ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return bad(setting, file + " isn't " + expected + (reason ? std::string(" (") + reason + ")" : ""));
}

/// Answers OpenSSL without a passphrase, because no person is present to type one.
int no_passphrase(char*, int, int, void*) { return 0; }

bool is_key_of_another() {
  auto code = ERR_peek_error();
  return ERR_GET_LIB(code) == ERR_LIB_X509 && ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH;
}

result<void> load_files(SSL_CTX* context, const tls_files& x) {
  ERR_clear_error();
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  if (SSL_CTX_use_certificate_chain_file(context, x.certificate.c_str()) != 1)
    return refused(certificate_setting, x.certificate, "a certificate in PEM");
  if (SSL_CTX_use_PrivateKey_file(context, x.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return is_key_of_another() ? refused(key_setting, x.key, "the key of " + x.certificate)
                               : refused(key_setting, x.key, "a key in PEM without a passphrase");
  if (SSL_CTX_load_verify_locations(context, x.authority.c_str(), nullptr) != 1)
    return refused(authority_setting, x.authority, "an authority's certificate in PEM");
  return {};
}

/// OpenSSL's verify callback. Accepts a certificate that isn't valid yet but soon is: the clock of the
/// machine that issued it can be ahead of this one's.
int forgive_clocks(int good, X509_STORE_CTX* chain) {
  if (good || X509_STORE_CTX_get_error(chain) != X509_V_ERR_CERT_NOT_YET_VALID)
    return good;
  auto soon = std::time(nullptr) + clocks_may_differ.count();
  // -1: valid by then. 0: error.
  if (X509_cmp_time(X509_get0_notBefore(X509_STORE_CTX_get_current_cert(chain)), &soon) != -1)
    return 0;
  X509_STORE_CTX_set_error(chain, X509_V_OK);
  return 1;
}

/// Checks that the certificate is of the CA and is valid now.
result<void> check_chain(SSL_CTX* context, const tls_files& x) {
  std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> chain{X509_STORE_CTX_new(),
                                                                        X509_STORE_CTX_free};
  STACK_OF(X509)* between = nullptr;
  SSL_CTX_get0_chain_certs(context, &between);
  X509_STORE_CTX_init(chain.get(), SSL_CTX_get_cert_store(context), SSL_CTX_get0_certificate(context),
                      between);
  X509_STORE_CTX_set_verify_cb(chain.get(), forgive_clocks);
  if (X509_verify_cert(chain.get()) == 1)
    return {};
  return bad(certificate_setting, x.certificate + " isn't good under " + x.authority + ": "
                                      + X509_verify_cert_error_string(X509_STORE_CTX_get_error(chain.get()))
                                      + " (`deploy/millrace certs` makes another)");
}

void set_rules(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, forgive_clocks);
  // Connections are long-lived, and no client resumes a session.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                | SSL_MODE_RELEASE_BUFFERS);
}

} // namespace

result<std::shared_ptr<const tls_context>> tls_context::load(const tls_files& x) {
  for (auto& [setting, file] : {std::pair{certificate_setting, x.certificate}, std::pair{key_setting, x.key},
                                std::pair{authority_setting, x.authority}})
    if (auto checked = check_file(setting, file); !checked)
      return checked.why();
  if (auto checked = check_rights(x.key); !checked)
    return checked.why();
  context_ptr context{SSL_CTX_new(TLS_method()), SSL_CTX_free};
  if (auto loaded = load_files(context.get(), x); !loaded)
    return loaded.why();
  if (auto checked = check_chain(context.get(), x); !checked)
    return checked.why();
  set_rules(context.get());
  return std::shared_ptr<const tls_context>(new tls_context(std::move(context)));
}

std::string tls_context::name() const {
  char out[256] = "";
  auto* of = X509_get_subject_name(SSL_CTX_get0_certificate(context_.get()));
  X509_NAME_get_text_by_NID(of, NID_commonName, out, sizeof out);
  return out;
}

std::chrono::system_clock::time_point tls_context::good_until() const {
  std::tm end{};
  ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context_.get())), &end);
  return std::chrono::system_clock::from_time_t(timegm(&end));
}

} // namespace millrace::peers
