#define CAF_SUITE peers.tls_context
#include "actors/peers/tls_context.hpp"

#include "tests/unit/peers/authority.hpp"

#include "caf/test/unit_test.hpp"

#include <fstream>

using namespace millrace;
using namespace millrace::test;
using peers::tls_context;

namespace {

/// Asserts that files are refused, with these words, and that no file's content is shown.
void check_refused(const tls_files& x, const std::vector<std::string>& words) {
  auto loaded = tls_context::load(x);
  CAF_REQUIRE(!loaded);
  CAF_CHECK(loaded.why().code == errc::bad_setting);
  for (auto& word : words)
    if (loaded.why().message.find(word) == std::string::npos)
      CAF_ERROR(loaded.why().message << " doesn't say: " << word);
  CAF_CHECK_EQUAL(loaded.why().message.find("PRIVATE"), std::string::npos);
}

std::string write(const std::string& name, const std::string& text) {
  auto path = ours().file(name);
  std::ofstream(path) << text;
  std::filesystem::permissions(path,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return path;
}

} // namespace

CAF_TEST(a certificate with its key under its authority is taken) {
  auto loaded = tls_context::load(ours().node("good"));
  CAF_REQUIRE(loaded);
  auto left = (*loaded)->good_until() - std::chrono::system_clock::now();
  CAF_CHECK(left > std::chrono::hours(47) && left < std::chrono::hours(49));
}

CAF_TEST(one of three that is missing is named with how to make it) {
  auto files = ours().node("one");
  auto x = files;
  x.key.clear();
  check_refused(x, {"MILLRACE_NODE_KEY: is missing", "deploy/millrace certs"});
  x = files;
  x.certificate.clear();
  check_refused(x, {"MILLRACE_NODE_CERTIFICATE: is missing"});
  x = files;
  x.authority.clear();
  check_refused(x, {"MILLRACE_NODE_AUTHORITY: is missing"});
}

CAF_TEST(a file that is not there or is empty is named) {
  auto x = ours().node("two");
  x.certificate = ours().file("nowhere");
  check_refused(x, {"MILLRACE_NODE_CERTIFICATE: ", "nowhere: No such file"});
  x = ours().node("two");
  x.authority = write("empty", "");
  check_refused(x, {"MILLRACE_NODE_AUTHORITY: ", "empty is empty"});
}

CAF_TEST(a file of another kind is named) {
  auto x = ours().node("three");
  x.certificate = write("text", "this is no certificate\n");
  check_refused(x, {"MILLRACE_NODE_CERTIFICATE: ", "text isn't a certificate in PEM"});
  x = ours().node("three");
  x.key = write("text", "this is no key\n");
  check_refused(x, {"MILLRACE_NODE_KEY: ", "isn't a key in PEM"});
}

CAF_TEST(a key with a passphrase is refused without a prompt) {
  auto x = ours().node("locked");
  ours().openssl("ec -in " + x.key + " -aes256 -passout pass:secret -out " + ours().file("locked.enc"));
  x.key = ours().file("locked.enc");
  check_refused(x, {"MILLRACE_NODE_KEY: ", "isn't a key in PEM without a passphrase"});
}

CAF_TEST(the key of another certificate is refused) {
  auto x = ours().node("four");
  x.key = ours().node("five").key;
  check_refused(x, {"MILLRACE_NODE_KEY: ", "five.key isn't the key of ", "four.crt"});
}

CAF_TEST(a key that everybody may read is refused) {
  auto x = ours().node("open");
  std::filesystem::permissions(x.key, std::filesystem::perms(0644));
  check_refused(x, {"MILLRACE_NODE_KEY: everybody", "chmod 600"});
  std::filesystem::permissions(x.key, std::filesystem::perms(0640)); // a service's group
  CAF_CHECK(tls_context::load(x));
}

CAF_TEST(a certificate of another authority is refused) {
  auto x = theirs().node("six");
  x.authority = ours().file("crt");
  check_refused(x, {"MILLRACE_NODE_CERTIFICATE: ", "six.crt isn't good under ", "ours.crt"});
}

CAF_TEST(a certificate that has run out is refused) {
  check_refused(ours().node("late", -1), {"MILLRACE_NODE_CERTIFICATE: ", "certificate has expired"});
}

CAF_TEST(a certificate that begins in a moment is taken since clocks differ) {
  CAF_CHECK(tls_context::load(ours().node_of_the_future("soon", 60)));
  check_refused(ours().node_of_the_future("later", 3600), {"certificate is not yet valid"});
}
