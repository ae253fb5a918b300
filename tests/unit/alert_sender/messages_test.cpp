#define CAF_SUITE alert_sender.messages
#include "actors/alert_sender/http_target.hpp"
#include "actors/alert_sender/payload.hpp"
#include "actors/alert_sender/signature.hpp"
#include "tests/unit/alert_sender/fixture.hpp"

#include <nlohmann/json.hpp>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;
using json = nlohmann::json;

CAF_TEST(an event has its fields and the columns of its query) {
  auto x = event_of(fields_of("7", true));
  CAF_REQUIRE(x.has_value());
  CAF_CHECK_EQUAL(x->id, "big:7:100");
  CAF_CHECK(x->resolved);
  CAF_CHECK_EQUAL(x->end, 130);
  CAF_CHECK(x->columns
            == (std::vector<std::pair<std::string, std::string>>{{"id", "7"}, {"total", "12.50"}}));
}

CAF_TEST(an entry without a state or with a time that is no number is no event) {
  CAF_CHECK(!event_of({}));
  for (auto* field : {"state", "at", "alert_id", "alert_start", "alert_end"})
    for (auto* text : {"", "x", "12x"}) {
      auto fields = fields_of("7", true);
      *(std::find(fields.begin(), fields.end(), field) + 1) = text;
      if (field != std::string("alert_id") || *text == '\0')
        CAF_CHECK(!event_of(fields));
    }
}

CAF_TEST(Alertmanager gets labels and times and names that it accepts) {
  auto firing = *event_of(fields_of("7")), resolved = *event_of(fields_of("7", true));
  firing.columns = {{"total amount", "1"}, {"2nd", "x"}, {"caf\xc3\xa9", "\xff"}};
  auto body = json::parse(alertmanager_body({firing, resolved}, "shop", 1000));
  CAF_REQUIRE_EQUAL(body.size(), 2u);
  CAF_CHECK(body[0]["labels"]
            == (json{{"alertname", "big"}, {"severity", "warning"}, {"project", "shop"}, {"key", "7"}}));
  CAF_CHECK_EQUAL(body[0]["labels"], body[1]["labels"]);
  CAF_CHECK_EQUAL(body[0]["startsAt"].get<std::string>(), "1970-01-01T00:01:40Z");
  CAF_CHECK_EQUAL(body[0]["endsAt"].get<std::string>(), "1970-01-01T00:21:40Z");
  CAF_CHECK_EQUAL(body[1]["endsAt"].get<std::string>(), "1970-01-01T00:02:10Z");
  CAF_CHECK(body[0]["annotations"].contains("total_amount"));
  CAF_CHECK(body[0]["annotations"].contains("_2nd"));
}

CAF_TEST(a webhook gets the whole event) {
  auto body = json::parse(webhook_body(*event_of(fields_of("7", true)), "shop"));
  CAF_CHECK_EQUAL(body["alert_id"].get<std::string>(), "big:7:100");
  CAF_CHECK_EQUAL(body["state"].get<std::string>(), "resolved");
  CAF_CHECK_EQUAL(body["end"].get<std::string>(), "1970-01-01T00:02:10Z");
  CAF_CHECK_EQUAL(body["columns"]["total"].get<std::string>(), "12.50");
}

// The example of the specification's reference libraries.
CAF_TEST(the signature is that of Standard Webhooks) {
  CAF_CHECK_EQUAL(webhook_signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                    1614265330, "{\"test\": 2432232314}"),
                  "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  CAF_CHECK(good_webhook_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
  CAF_CHECK(good_webhook_secret("any text"));
  CAF_CHECK(!good_webhook_secret("whsec_not base64!"));
  CAF_CHECK(!good_webhook_secret("whsec_"));
}

CAF_TEST(a message keeps its ID when it is sent again) {
  auto firing = *event_of(fields_of("7")), resolved = *event_of(fields_of("7", true));
  CAF_CHECK_EQUAL(webhook_id(firing), webhook_id(*event_of(fields_of("7"))));
  CAF_CHECK_NOT_EQUAL(webhook_id(firing), webhook_id(resolved));
  CAF_CHECK_EQUAL(webhook_id(firing).size(), 36u);
}

CAF_TEST(a URL has a server and a path and a login) {
  auto x = parse_http_url("https://me:p%40ss@alerts.example.org/hooks/a?b=c");
  CAF_REQUIRE(static_cast<bool>(x));
  CAF_CHECK_EQUAL(x->server, "https://alerts.example.org:443");
  CAF_CHECK_EQUAL(x->path, "/hooks/a?b=c");
  CAF_CHECK_EQUAL(x->user, "me");
  CAF_CHECK_EQUAL(x->password, "p@ss");
  CAF_CHECK_EQUAL(std::string(parse_http_url("http://[::1]:9093")->server), "http://[::1]:9093");
  CAF_CHECK_EQUAL(std::string(parse_http_url("http://h")->path), "/");
}

CAF_TEST(a URL of another form is refused without being repeated) {
  for (auto* bad : {"", "alerts.example.org", "ftp://x", "http://", "http://h:0", "http://h:99999",
                    "http://h/a b", "http://h/\r\nX: y", "http://h#x", "http://secret@"}) {
    auto x = parse_http_url(bad);
    CAF_CHECK(!x);
    if (!x)
      CAF_CHECK(x.why().message.find("secret") == std::string::npos);
  }
}
