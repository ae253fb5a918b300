#define CAF_SUITE inspector.process_report
#include "actors/inspector/process_report.hpp"

#include <unistd.h>

#include <fstream>

#include "caf/test/unit_test.hpp"

using namespace millrace;
namespace fs = std::filesystem;

CAF_TEST(the counts of this process are plausible) {
  auto x = read_process();
  CAF_CHECK(x.resident_bytes > 1 << 20);
  CAF_CHECK(x.virtual_bytes > x.resident_bytes);
  CAF_CHECK(x.open_fds >= 3);
  CAF_CHECK(x.max_fds >= x.open_fds);
  CAF_CHECK(x.threads >= 1);
  CAF_CHECK(x.start_time > 1'600'000'000);
}

CAF_TEST(a name with spaces and brackets moves no field) {
  auto proc = fs::temp_directory_path() / ("millrace-proc-" + std::to_string(getpid()));
  fs::create_directories(proc / "self" / "fd");
  std::ofstream(proc / "self" / "fd" / "0");
  std::ofstream(proc / "self" / "stat")
      << "7 (a) b) S 1 7 7 0 -1 4194304 50 0 0 0 300 100 0 0 20 0 5 0 2000 8192 3 18446744073709551615\n";
  std::ofstream(proc / "self" / "limits")
      << "Limit   Soft   Hard\nMax open files            1024     4096 files\n";
  std::ofstream(proc / "stat") << "cpu 1 2\nbtime 1000\n";
  auto x = read_process(proc);
  fs::remove_all(proc);
  auto per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  CAF_CHECK_EQUAL(x.cpu_seconds, 400 / per_second);
  CAF_CHECK_EQUAL(x.threads, 5.0);
  CAF_CHECK_EQUAL(x.start_time, 1000 + 2000 / per_second);
  CAF_CHECK_EQUAL(x.virtual_bytes, 8192.0);
  CAF_CHECK_EQUAL(x.resident_bytes, 3.0 * sysconf(_SC_PAGESIZE));
  CAF_CHECK_EQUAL(x.open_fds, 1.0);
  CAF_CHECK_EQUAL(x.max_fds, 1024.0);
}

CAF_TEST(what can not be read is zero) {
  auto x = read_process("/no/such/folder");
  CAF_CHECK_EQUAL(x.resident_bytes, 0.0);
  CAF_CHECK_EQUAL(x.open_fds, 0.0);
}
