#define CAF_SUITE alert_sender.courier
#include "tests/unit/alert_sender/fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

CAF_TEST(a new receiver begins with the next event) {
  courier_fixture f;
  f.fire("old");
  f.run();
  CAF_CHECK(f.got.empty());
  f.fire("7");
  auto report = f.run();
  CAF_CHECK(f.got == texts{"7 firing"});
  CAF_CHECK_EQUAL(std::string(report.position), "2000-0");
  CAF_CHECK_EQUAL(f.position, "2000-0 2");
  CAF_CHECK_EQUAL(report.sent, 1u);
}

CAF_TEST(the first event of a project is sent) {
  courier_fixture f;
  f.run();
  f.fire("7");
  f.run();
  CAF_CHECK(f.got == texts{"7 firing"});
}

CAF_TEST(events arrive once and in the order of the stream) {
  courier_fixture f;
  f.run();
  f.fire("7");
  f.fire("8");
  f.resolve("7");
  f.run();
  f.run();
  CAF_CHECK(f.got == (texts{"7 firing", "8 firing", "7 resolved"}));
}

CAF_TEST(a receiver that answers 500 gets everything in order once it is back) {
  courier_fixture f;
  f.run();
  f.answers = {500, 0, 301, 401};
  f.fire("7");
  f.resolve("7");
  auto report = f.run();
  CAF_CHECK_EQUAL(std::string(report.trouble), "it answers 500");
  CAF_CHECK_EQUAL(report.waiting, 2u);
  CAF_CHECK_EQUAL(f.position, "0-0 0");
  CAF_CHECK_EQUAL(std::string(f.run(std::chrono::seconds{2}).trouble), "it doesn't answer: refused");
  CAF_CHECK(f.run(std::chrono::seconds{3}).trouble.find("redirects aren't followed") != std::string::npos);
  CAF_CHECK(f.run(std::chrono::seconds{5}).trouble.find("check the login") != std::string::npos);
  CAF_CHECK(f.got.empty());
  report = f.run(std::chrono::seconds{9});
  CAF_CHECK(f.got == (texts{"7 firing", "7 resolved"}));
  CAF_CHECK_EQUAL(std::string(report.trouble), "");
  CAF_CHECK_EQUAL(report.waiting, 0u);
}

CAF_TEST(a failed attempt is repeated after a pause) {
  courier_fixture f;
  f.run();
  f.answers = {500};
  f.fire("7");
  f.run();
  f.run(std::chrono::milliseconds{400});
  CAF_CHECK_EQUAL(f.posts, 1);
  f.run(std::chrono::milliseconds{700});
  CAF_CHECK_EQUAL(f.posts, 2);
}

CAF_TEST(a position that could not be written is sent again) {
  courier_fixture f;
  f.run();
  f.fire("7");
  f.redis_away = true;
  CAF_CHECK(f.run().trouble.find("Redis is away") != std::string::npos);
  f.redis_away = false;
  CAF_CHECK_EQUAL(std::string(f.run().trouble), "");
  CAF_CHECK(f.got == texts{"7 firing"});
}

CAF_TEST(an event that is refused five times is passed over and reported) {
  courier_fixture f;
  f.run();
  f.poison = "bad";
  f.fire("bad");
  f.fire("7");
  receiver_report report;
  for (int i = 0; i < 5; ++i) {
    CAF_CHECK(f.got.empty());
    report = f.run(std::chrono::seconds{61});
  }
  CAF_CHECK(f.got == texts{"7 firing"});
  CAF_CHECK_EQUAL(report.refused, 1u);
  CAF_CHECK(report.refusal.find("big:bad:100") != std::string::npos);
  CAF_CHECK_EQUAL(std::string(report.trouble), "");
}

CAF_TEST(a server error between refusals restarts the count) {
  courier_fixture f;
  f.run();
  f.fire("7");
  f.answers = {422, 422, 422, 422, 500, 422, 422, 422, 422};
  for (int i = 0; i < 10; ++i)
    f.run(std::chrono::seconds{61});
  CAF_CHECK(f.got == texts{"7 firing"});
}

CAF_TEST(of a batch that is refused only the bad event is passed over) {
  courier_fixture f(64);
  f.run();
  f.poison = "bad";
  for (auto* key : {"1", "bad", "2", "3"})
    f.fire(key);
  receiver_report report;
  for (int i = 0; i < 6; ++i)
    report = f.run(std::chrono::seconds{61});
  CAF_CHECK(f.got == (texts{"1 firing", "2 firing", "3 firing"}));
  CAF_CHECK_EQUAL(report.refused, 1u);
  CAF_CHECK_EQUAL(f.sizes[0], 4u);
}

CAF_TEST(a silenced event is passed over and the next one is sent) {
  courier_fixture f;
  f.run();
  f.silences["a"] = to_json(silence{"a", {{"key", "7"}}, 1000, 1100, "known"});
  f.fire("7");
  f.fire("8");
  auto report = f.run();
  CAF_CHECK(f.got == texts{"8 firing"});
  CAF_CHECK_EQUAL(report.silenced, 1u);
  CAF_CHECK_EQUAL(report.waiting, 0u);
  f.resolve("7");
  f.run(std::chrono::seconds{200}); // the silence has ended
  CAF_CHECK(f.got == (texts{"8 firing", "7 resolved"}));
}

CAF_TEST(events that left the stream are counted and the rest is sent) {
  courier_fixture f;
  f.run();
  for (int i = 0; i < 6; ++i)
    f.fire(std::to_string(i));
  f.trim(4);
  auto report = f.run();
  CAF_CHECK_EQUAL(report.lost, 4u);
  CAF_CHECK(f.got == (texts{"4 firing", "5 firing"}));
  CAF_CHECK_EQUAL(f.run().lost, 4u);
}

CAF_TEST(events that left the stream after they were sent are not lost) {
  courier_fixture f;
  f.run();
  f.fire("1");
  f.fire("2");
  f.run();
  f.trim(2);
  f.fire("3");
  CAF_CHECK_EQUAL(f.run().lost, 0u);
  CAF_CHECK(f.got == (texts{"1 firing", "2 firing", "3 firing"}));
}

CAF_TEST(a stream that was deleted is read from its beginning) {
  courier_fixture f;
  f.run();
  for (int i = 0; i < 3; ++i)
    f.fire("x");
  f.run();
  f.got.clear();
  f.stream.clear();
  f.added = 0;
  f.fire("7");
  CAF_CHECK_EQUAL(f.run().lost, 0u);
  CAF_CHECK(f.got == texts{"7 firing"});
}

CAF_TEST(an entry of another client is passed over and reported) {
  courier_fixture f;
  f.run();
  f.add({"hello", "world"});
  f.fire("7");
  auto report = f.run();
  CAF_CHECK(f.got == texts{"7 firing"});
  CAF_CHECK_EQUAL(report.refused, 1u);
}

CAF_TEST(another node that has moved the position is followed) {
  courier_fixture f;
  f.run();
  f.fire("1");
  f.fire("2");
  f.position = "1000-0 1";
  f.run();
  CAF_CHECK(f.got == texts{"2 firing"});
}

CAF_TEST(what fires is repeated after the interval unless it is silenced) {
  courier_fixture f(64, std::chrono::seconds{60});
  f.active = {{"", fields_of("7")}, {"", fields_of("8")}};
  f.silences["a"] = to_json(silence{"a", {{"key", "8"}}, 1000, 9000, "known"});
  f.run();
  CAF_CHECK(f.got == texts{"7 firing"});
  f.run(std::chrono::seconds{30});
  CAF_CHECK_EQUAL(f.posts, 1);
  f.run(std::chrono::seconds{31});
  CAF_CHECK(f.got == (texts{"7 firing", "7 firing"}));
}

CAF_TEST(a repetition that a round has no time for goes on in the next) {
  courier_fixture f(64, std::chrono::seconds{60});
  f.more = {{{"", fields_of("1")}}, {{"", fields_of("2")}}};
  f.active = {{"", fields_of("3")}};
  f.post_takes = std::chrono::seconds{5};
  f.run();
  CAF_CHECK(f.got == texts{"1 firing"});
  f.fire("4"); // comes first
  f.run();
  f.run();
  f.run();
  CAF_CHECK(f.got == (texts{"1 firing", "4 firing", "2 firing", "3 firing"}));
  f.run();
  CAF_CHECK_EQUAL(f.posts, 4);
}

CAF_TEST(events of the stream go before what is repeated) {
  courier_fixture f(64, std::chrono::seconds{60});
  f.run();
  f.resolve("7");
  f.active = {{"", fields_of("7", false, 200)}};
  f.run(std::chrono::seconds{61});
  CAF_CHECK(f.got == (texts{"7 resolved", "7 firing"}));
}

CAF_TEST(a node that begins to lead counts from zero) {
  courier_fixture f;
  f.run();
  f.fire("7");
  f.run();
  CAF_CHECK_EQUAL(f.one->run(true).sent, 0u);
}
