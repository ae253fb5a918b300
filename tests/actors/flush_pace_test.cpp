#define CAF_SUITE redis_writer.flush_pace
#include "actors/redis_writer/flush_pace.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace std::chrono_literals;

CAF_TEST(the wait for a flush is as long as the last one took within its bounds) {
  flush_pace x{250ms};
  CAF_CHECK(x.interval() == 1ms);
  x.took(37ms);
  CAF_CHECK(x.interval() == 37ms);
  x.took(37'001us);
  CAF_CHECK(x.interval() == 38ms);
  x.took(4s);
  CAF_CHECK(x.interval() == 250ms);
  x.took(10us);
  CAF_CHECK(x.interval() == 1ms);
}
