#!/usr/bin/env python3
"""Alerts outside of Redis: a real Alertmanager and a webhook get each event, in order, through a kill of the node and
while a receiver is away, and the Kafka topic has each once; silences keep alerts back."""
import json
import time

import alert_receivers
import running
import stack
from stack import wait_until

SECRET, PASSWORD = "a secret of the test", "p4ssw0rd-of-the-url"
BIG = """
-- alert: big severity critical
SELECT id, customer_id, total_amount FROM orders WHERE total_amount > 1000;
"""


class AlertSender(running.SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.take_figures("revenue.sql")
        (cls.folder / "big.sql").write_text(BIG)
        cls.webhook = alert_receivers.Webhook(stack.FIRST_PORT + 61, SECRET)
        cls.addClassCleanup(cls.webhook.close)
        cls.alertmanager = alert_receivers.Alertmanager(stack.FIRST_PORT + 60)
        cls.addClassCleanup(cls.alertmanager.close)
        cls.alertmanager.start()
        cls.settings = {
            "MILLRACE_ALERTMANAGER_URL": cls.alertmanager.url,
            "MILLRACE_ALERT_WEBHOOK_URL": f"http://hook:{PASSWORD}@127.0.0.1:{stack.FIRST_PORT + 61}/hooks/alerts",
            "MILLRACE_ALERT_WEBHOOK_SECRET": SECRET
        }
        super().setUpClass()
        wait_until("the receivers have a position",
                   lambda: all(x.get("position") for x in cls.receivers().values()) and len(cls.receivers()) == 3, 60)

    @classmethod
    def receivers(cls):
        found = cls.stack.status().get("alert_sender", {}).get("receivers", [])
        return {x["name"]: x for x in found}

    def customer(self):
        return self.stack.sql.one("INSERT INTO customers (first_name, last_name, email) "
                                  f"VALUES ('A', 'B', '{time.monotonic_ns()}@example.org') RETURNING id")

    def order(self, customer, total=5000):
        return self.stack.sql.one("INSERT INTO orders (customer_id, total_amount, status) "
                                  f"VALUES ({customer}, {total}, 'pending') RETURNING id")

    def shrink(self, order):
        self.stack.sql(f"UPDATE orders SET total_amount = 1 WHERE id = {order}")

    def in_redis(self, state, order):
        """Waits until the event is in Redis."""
        wait_until(f"the order {order} is {state} in Redis",
                   lambda: self.stack.redis("HGET", f"alerts:big:{order}", "state") == state, 60)

    def of(self, order):
        """Returns the states of an order that the webhook got, in their order, without repetitions."""
        return list(dict.fromkeys(state for state, _, key in self.webhook.events() if key == order))

    def in_topic(self, orders):
        """Returns the events of orders that consumers of committed records see."""
        events = [json.loads(x["payload"]) for x in self.stack.kafka.records("realtime-alerts")]
        return [(x["state"], x["alert"], x["key"]) for x in events if x["key"] in orders]

    def in_stream(self, orders):
        events = (dict(zip(x[::2], x[1::2])) for _, x in self.stack.redis("XRANGE", "alerts:stream", "-", "+"))
        return [(x["state"], x["type"], x["subject"]) for x in events if x["subject"] in orders]

    def troubles(self):
        return {x["id"]: x for x in self.stack.status().get("troubles", [])}

    def test_an_alert_fires_and_is_resolved_at_both_receivers(self):
        order = self.order(self.customer())
        found = wait_until("Alertmanager has the alert", lambda: self.alertmanager.alerts().get(("big", order)), 60)
        self.assertEqual(found["labels"],
                         {"alertname": "big", "severity": "critical", "project": "shop", "key": order})
        self.assertGreater(alert_receivers.seconds_until(found["endsAt"]), 120)
        wait_until("the webhook has it", lambda: self.of(order) == ["firing"], 30)
        self.shrink(order)
        wait_until("Alertmanager has resolved it", lambda: ("big", order) not in self.alertmanager.alerts(), 60)
        wait_until("the webhook knows", lambda: self.of(order) == ["firing", "resolved"], 30)
        headers, body = next(x for x in self.webhook.messages if x[1]["key"] == order)
        self.assertEqual(body["alert_id"], self.stack.redis("HGET", f"alerts:big:{order}", "alert_id"))
        self.assertEqual((body["project"], body["severity"], body["columns"]["id"]), ("shop", "critical", order))
        self.assertTrue(headers["Authorization"].startswith("Basic "))
        self.assertEqual(self.webhook.forged, [])

    def test_what_fires_while_receivers_are_away_arrives_in_order(self):
        customer = self.customer()
        self.webhook.status = 500
        self.alertmanager.kill()
        attempts = self.webhook.attempts
        orders = [self.order(customer) for _ in range(4)]
        for order in orders:
            self.in_redis("firing", order)
        for order in orders[:2]:
            self.shrink(order)
            self.in_redis("resolved", order)
        wait_until("the status names both receivers",
                   lambda: {"no alerts reach webhook", "no alerts reach alertmanager"} <= set(self.troubles()), 60)
        self.assertIn("it answers 500", self.troubles()["no alerts reach webhook"]["why"])
        self.assertGreater(self.webhook.attempts, attempts)
        self.stack.kill("node")
        orders.append(self.order(customer))
        self.in_redis("firing", orders[-1])
        wait_until("the new process tries again",
                   lambda: self.receivers().get("webhook", {}).get("waiting", 0) >= 7, 90)
        self.assertEqual([self.of(order) for order in orders], [[]] * 5)
        self.webhook.status = 204
        self.alertmanager.start()
        wanted = [["firing", "resolved"]] * 2 + [["firing"]] * 3
        wait_until("the webhook has everything", lambda: [self.of(order) for order in orders] == wanted, 120)
        wait_until("Alertmanager has what fires",
                   lambda: {("big", order) for order in orders[2:]} <= set(self.alertmanager.alerts()), 120)
        self.assertFalse({("big", order) for order in orders[:2]} & set(self.alertmanager.alerts()))
        self.assertEqual([x for x in dict.fromkeys(self.webhook.events()) if x[2] in orders], self.in_stream(orders))
        wait_until("the topic has everything once", lambda: self.in_topic(orders) == self.in_stream(orders), 60)
        wait_until("the troubles are over", lambda: not any("no alerts" in x for x in self.troubles()), 60)
        for order in orders[2:]:
            self.shrink(order)

    def test_the_topic_has_each_event_once_while_node_and_kafka_are_killed(self):
        customer = self.customer()
        orders = []
        for victim in ("node", "kafka", "node"):
            for _ in range(20):
                orders.append(self.order(customer))
            self.in_redis("firing", orders[-1])
            self.stack.kill(victim)
        for order in orders:
            self.shrink(order)
        self.in_redis("resolved", orders[-1])
        wait_until("the topic has everything", lambda: len(self.in_topic(orders)) >= 2 * len(orders), 120)
        self.assertEqual(self.in_topic(orders), self.in_stream(orders))

    def test_a_silenced_alert_is_kept_and_not_sent(self):
        silenced, other = self.customer(), self.customer()
        done = self.stack.door("alerts", "silence", f"customer_id={silenced}", "--for", "2h", "--reason", "known")
        name = done.stdout.split()[0]
        quiet = self.order(silenced)
        self.in_redis("firing", quiet)
        loud = self.order(other)
        wait_until("the webhook has the next alert", lambda: self.of(loud) == ["firing"], 60)
        wait_until("Alertmanager has the next alert", lambda: ("big", loud) in self.alertmanager.alerts(), 60)
        self.assertEqual(self.of(quiet), [])
        self.assertNotIn(("big", quiet), self.alertmanager.alerts())
        self.assertEqual(self.stack.redis("SISMEMBER", "alerts:active:big", quiet), 1)
        shown = {x["subject"]: x for x in json.loads(self.stack.door("alerts", "list", "big", "--json").stdout)}
        self.assertEqual(shown[quiet]["silenced"]["id"], name)
        self.assertNotIn("silenced", shown[loud])
        self.assertIn("known", self.stack.door("alerts", "silences").stdout)
        self.stack.door("alerts", "unsilence", name)
        self.assertIn("nothing is silenced", self.stack.door("alerts", "silences").stdout)
        wait_until("Alertmanager gets what still fires", lambda: ("big", quiet) in self.alertmanager.alerts(), 120)
        for bad in (["silence", "no_such_alert", "--for", "2h", "--reason", "x"], ["silence", "big", "--for", "2h"],
                    ["silence", "big", "--for", "soon", "--reason", "x"], ["unsilence", name]):
            self.assertEqual(self.stack.door("alerts", *bad, check=False).returncode, 1, bad)
        for order in (quiet, loud):
            self.shrink(order)

    def test_events_that_left_the_stream_are_reported(self):
        self.webhook.status = 302
        order = self.order(self.customer())
        self.in_redis("firing", order)
        wait_until("the redirect is reported",
                   lambda: "redirects aren't followed" in self.troubles().get("no alerts reach webhook",
                                                                              {}).get("why", ""), 60)
        wait_until("Alertmanager has the alert", lambda: ("big", order) in self.alertmanager.alerts(), 60)
        self.stack.redis("XTRIM", "alerts:stream", "MAXLEN", 0)
        self.webhook.status = 204
        wait_until("the loss is reported", lambda: "alerts are lost for webhook" in self.troubles(), 90)
        self.shrink(order)
        wait_until("the next event arrives", lambda: self.of(order) == ["resolved"], 90)
        self.assertNotIn("alerts are lost for alertmanager", self.troubles())

    def test_no_secret_is_printed(self):
        said = json.dumps(self.stack.status()) + (self.stack.home / "logs" / "node.log").read_text(errors="replace")
        for secret in (SECRET, PASSWORD, "/hooks/alerts"):
            self.assertNotIn(secret, said)


if __name__ == "__main__":
    running.main()
