#define CAF_SUITE alert_sender.silence
#include "actors/alert_sender/silence.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using labels = std::map<std::string, std::string>;

namespace {

alert_event event() {
  alert_event x;
  x.alert = "big";
  x.key = "7";
  x.severity = "warning";
  x.columns = {{"id", "7"}, {"customer_id", "12"}};
  return x;
}

bool silences(const labels& which, std::int64_t now = 150) {
  std::vector<silence> all{{"a", which, 100, 200, "known"}};
  return silence_of(all, event(), now) != nullptr;
}

} // namespace

CAF_TEST(a silence matches an alert that has all of its labels) {
  CAF_CHECK(silences({{"alertname", "big"}}));
  CAF_CHECK(silences({{"severity", "warning"}, {"customer_id", "12"}}));
  CAF_CHECK(silences({{"key", "7"}}));
  CAF_CHECK(!silences({{"alertname", "bigger"}}));
  CAF_CHECK(!silences({{"severity", "warning"}, {"customer_id", "13"}}));
  CAF_CHECK(!silences({{"no_such_label", ""}}));
}

CAF_TEST(a silence holds from its beginning until before its end) {
  CAF_CHECK(!silences({{"alertname", "big"}}, 99));
  CAF_CHECK(silences({{"alertname", "big"}}, 100));
  CAF_CHECK(silences({{"alertname", "big"}}, 199));
  CAF_CHECK(!silences({{"alertname", "big"}}, 200));
}

CAF_TEST(a word is an alert or a label and its value) {
  CAF_CHECK(*labels_of({"big"}) == (labels{{"alertname", "big"}}));
  CAF_CHECK(*labels_of({"big", "city=a=b", "state="})
            == (labels{{"alertname", "big"}, {"city", "a=b"}, {"state", ""}}));
  for (auto& bad : std::vector<std::vector<std::string>>{{}, {""}, {"=x"}, {"big", "bigger"}, {"a=1", "a=2"}})
    CAF_CHECK(!labels_of(bad));
}

CAF_TEST(durations have units) {
  CAF_CHECK_EQUAL(duration_of("90s")->count(), 90);
  CAF_CHECK_EQUAL(duration_of("1h30m")->count(), 5400);
  CAF_CHECK_EQUAL(duration_of("7d")->count(), 604800);
  for (auto* bad : {"", "2", "h", "2 h", "-1h", "0s", "2x", "367d", "99999999999d", "1h30"})
    CAF_CHECK(!duration_of(bad));
}

CAF_TEST(the ledger keeps silences and ended ones are found) {
  silence x{"a", {{"alertname", "b\"\xc3\xa9\n"}}, 100, 200, "a 'reason'"};
  labels ledger{{"a", to_json(x)}, {"b", "no JSON"}, {"c", "{\"labels\":{\"a\":1},\"until\":999}"}};
  CAF_CHECK(silences_in(ledger, 150) == std::vector<silence>{x});
  CAF_CHECK(silences_in(ledger, 200).empty());
  CAF_CHECK(ended_silences(ledger, 150) == (std::vector<std::string>{"b", "c"}));
  CAF_CHECK(ended_silences(ledger, 200) == (std::vector<std::string>{"a", "b", "c"}));
}
