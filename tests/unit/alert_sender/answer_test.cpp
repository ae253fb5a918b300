#define CAF_SUITE alert_sender.answer
#include "actors/alert_sender/answer.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using std::chrono::milliseconds;

CAF_TEST(only 2xx delivers and only 400 and 413 and 422 refuse) {
  for (auto status : {200, 202, 204})
    CAF_CHECK(verdict_of({status, {}, {}}) == answer_verdict::delivered);
  for (auto status : {400, 413, 422})
    CAF_CHECK(verdict_of({status, {}, {}}) == answer_verdict::refused);
  for (auto status : {0, 100, 301, 307, 401, 403, 404, 408, 429, 500, 503})
    CAF_CHECK(verdict_of({status, {}, {}}) == answer_verdict::failed);
}

CAF_TEST(pauses double up to a minute and are half of that at least) {
  for (auto dice : {0.0, 0.999}) {
    backoff x;
    milliseconds now{5000};
    for (auto whole : {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000}) {
      x.failed(now, dice);
      auto pause = (x.next() - now).count();
      CAF_CHECK_GREATER_OR_EQUAL(pause, whole / 2);
      CAF_CHECK_LESS_OR_EQUAL(pause, whole);
      CAF_CHECK(x.waits(x.next() - milliseconds{1}));
      CAF_CHECK(!x.waits(x.next()));
      now = x.next();
    }
    CAF_CHECK_EQUAL(x.since().count(), 5000);
  }
}

CAF_TEST(Retry After makes a pause longer and never shorter) {
  backoff x;
  x.failed(milliseconds{0}, 0, std::chrono::seconds{20});
  CAF_CHECK_EQUAL(x.next().count(), 20000);
  x.failed(milliseconds{20000}, 0, std::chrono::seconds{0});
  CAF_CHECK_EQUAL(x.next().count(), 21000);
  x.failed(milliseconds{0}, 0, std::chrono::hours{24});
  CAF_CHECK_EQUAL(x.next().count(), 300000);
}

CAF_TEST(a success begins with the shortest pause again) {
  backoff x;
  for (int i = 0; i < 100; ++i)
    x.failed(milliseconds{0}, 0.5);
  x.succeeded();
  CAF_CHECK(!x.waits(milliseconds{0}));
  x.failed(milliseconds{0}, 0);
  CAF_CHECK_EQUAL(x.next().count(), 500);
}
