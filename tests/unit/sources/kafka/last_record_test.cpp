#define CAF_SUITE kafka.last_record
#include "actors/sources/kafka/last_record.hpp"

#include "caf/test/unit_test.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace millrace;
using kafka::last_record;

namespace {

struct folder {
  folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "millrace-record-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~folder() { std::filesystem::remove_all(path); }
  std::string file() const { return path / "record"; }
  std::filesystem::path path;
};

last_record opened(const folder& at) {
  auto x = last_record::open(at.file());
  if (!x)
    CAF_FAIL(x.why().message);
  return std::move(*x);
}

const kafka::topic_partition orders{"shop.public.orders", {3}};

/// A process that ends at the record: nobody leaves it.
void end_at(const folder& where, std::int64_t offset) {
  auto x = opened(where);
  x.enter(orders);
  x.at({offset});
}

} // namespace

CAF_TEST(a record that ended two processes is told to the third) {
  folder here;
  end_at(here, 7);
  CAF_CHECK(!opened(here).suspect());
  end_at(here, 7);
  auto suspect = opened(here).suspect();
  CAF_REQUIRE(suspect.has_value());
  CAF_CHECK(suspect->from == orders);
  CAF_CHECK_EQUAL(suspect->offset.value, 7);
}

CAF_TEST(ends at different records convict none) {
  folder here;
  end_at(here, 7);
  end_at(here, 8);
  end_at(here, 7);
  CAF_CHECK(!opened(here).suspect());
}

CAF_TEST(a process that ends at no record says nothing of the one before) {
  folder here;
  end_at(here, 7);
  {
    auto x = opened(here);
    x.enter(orders);
    x.at({7});
    x.leave();
  }
  CAF_CHECK(!opened(here).suspect());
}

CAF_TEST(without a file nothing is remembered) {
  last_record x;
  x.enter(orders);
  x.at({7});
  x.leave();
  CAF_CHECK(!x.suspect());
}

CAF_TEST(a link and a file of something else are refused and stay as they are) {
  folder here;
  std::ofstream(here.path / "precious") << "text";
  std::filesystem::create_symlink(here.path / "precious", here.file());
  auto by_link = last_record::open(here.file());
  CAF_REQUIRE(!by_link);
  CAF_CHECK(by_link.why().message.find("MILLRACE_STATE_DIR") != std::string::npos);
  CAF_CHECK(!last_record::open(here.path / "precious"));
  CAF_CHECK_EQUAL(std::filesystem::file_size(here.path / "precious"), 4u);
  CAF_CHECK(!last_record::open(here.path / "no" / "folder"));
}
