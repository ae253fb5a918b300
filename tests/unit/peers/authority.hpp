#pragma once

/// A certificate authority of a test's own, made by openssl's command line.

#include "actors/peers/tls_files.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace millrace::test {

/// A folder that goes with its owner.
struct folder {
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "millrace-peers-XXXXXX").string();
    if (!mkdtemp(name.data()))
      throw std::runtime_error("no folder for a test's certificates");
    path = name;
  }
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path;
};

class authority {
 public:
  explicit authority(std::string name) : name_(std::move(name)) {
    openssl("req -x509 " + new_key + " -keyout " + file("key") + " -out " + file("crt")
            + " -days 2 -subj /CN=" + name_);
  }

  /// Returns the files of a node; `days` may be over already.
  tls_files node(const std::string& node, int days = 2) {
    openssl("req " + new_key + " -keyout " + file(node + ".key") + " -out " + file("csr")
            + " -subj /CN=" + node);
    openssl("x509 -req -in " + file("csr") + " -CA " + file("crt") + " -CAkey " + file("key")
            + " -CAcreateserial -days " + std::to_string(days) + " -out " + file(node + ".crt"));
    return {file(node + ".crt"), file(node + ".key"), file("crt")};
  }

  /// Returns the files of a node whose certificate begins in so many seconds.
  tls_files node_of_the_future(const std::string& node, long seconds) {
    auto out = this->node(node);
    auto read = [](const std::string& path, auto how) {
      std::unique_ptr<BIO, decltype(&BIO_free)> in{BIO_new_file(path.c_str(), "r"), BIO_free};
      return how(in.get(), nullptr, nullptr, nullptr);
    };
    std::unique_ptr<X509, decltype(&X509_free)> certificate{read(out.certificate, PEM_read_bio_X509),
                                                            X509_free};
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{read(file("key"), PEM_read_bio_PrivateKey),
                                                            EVP_PKEY_free};
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), seconds);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    std::unique_ptr<BIO, decltype(&BIO_free)> to{BIO_new_file(out.certificate.c_str(), "w"), BIO_free};
    if (PEM_write_bio_X509(to.get(), certificate.get()) != 1)
      throw std::runtime_error("no certificate of the future");
    return out;
  }

  std::string file(const std::string& what) const { return (folder_.path / (name_ + "." + what)).string(); }
  const std::string& name() const { return name_; }

  void openssl(const std::string& words) const {
    if (std::system(("openssl " + words + " >/dev/null 2>&1").c_str()) != 0)
      throw std::runtime_error("openssl " + words + " failed");
  }

 private:
  const std::string new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
  std::string name_;
  folder folder_;
};

/// Ours, and somebody else's; made once.
inline authority& ours() {
  static authority out("ours");
  return out;
}
inline authority& theirs() {
  static authority out("theirs");
  return out;
}

} // namespace millrace::test
