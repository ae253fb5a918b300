#define CAF_TEST_NO_MAIN
#include "caf/test/unit_test_impl.hpp"

int main(int argc, char** argv) {
  // The watchdog's 30 s are short for a test with servers on a busy machine.
  caf::test::engine::max_runtime(540);
  return caf::test::main(argc, argv);
}
