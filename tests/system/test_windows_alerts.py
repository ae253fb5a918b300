#!/usr/bin/env python3
"""What the clock changes: rows that enter and leave windows, newest places, and alerts; through kills of the node and
changes of an alert."""
import time

import running
from stack import wait_until

WINDOWS = """
-- redis: zset test:velocity member {product_id} score units name velocity
SELECT product_id, sum(quantity) AS units FROM order_items
WHERE created_at > now() - interval '20 seconds' GROUP BY product_id;

-- redis: hash test:recent field {status} name recent
SELECT status, count(*) AS orders FROM orders WHERE order_date > now() - interval '20 seconds' GROUP BY status;

-- redis: json test:order:{id} name fresh
SELECT id, status FROM orders WHERE order_date BETWEEN now() - interval '20 seconds' AND now();
"""
BIG = "-- alert: big severity info\nSELECT id, customer_id, total_amount FROM orders WHERE total_amount > {};\n"
OTHERS = """
-- alert: idle for 3s keep 2s
SELECT id, status FROM orders WHERE status = 'stuck';

-- alert: burst severity critical
SELECT customer_id, count(*) AS orders FROM orders
WHERE order_date > now() - interval '8 seconds' GROUP BY customer_id HAVING count(*) >= 3;
"""


class WindowsAndAlerts(running.SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.take_figures("minutes.sql", "revenue.sql")
        (cls.folder / "windows.sql").write_text(WINDOWS)
        (cls.folder / "big.sql").write_text(BIG.format(1000))
        (cls.folder / "alerts.sql").write_text(OTHERS)
        super().setUpClass()

    def setUp(self):
        self.place = "0-0" if not self.stack.redis("EXISTS", "alerts:stream") else self.last_event()

    def customer(self):
        number = time.monotonic_ns()
        return self.stack.sql.one("INSERT INTO customers (first_name, last_name, email) "
                                  f"VALUES ('A', 'B', '{number}@example.org') RETURNING id")

    def order(self, customer, total=10, status="pending", at="now() AT TIME ZONE 'UTC'"):
        return self.stack.sql.one("INSERT INTO orders (customer_id, total_amount, status, order_date) "
                                  f"VALUES ({customer}, {total}, '{status}', {at}) RETURNING id")

    def last_event(self):
        return self.stack.redis("XREVRANGE", "alerts:stream", "+", "-", "COUNT", 1)[0][0]

    def events(self):
        """Returns the events since the test began: (state, type, subject)."""
        found = self.stack.redis("XRANGE", "alerts:stream", f"({self.place}", "+") or []
        pairs = [dict(zip(fields[::2], fields[1::2])) for _, fields in found]
        return [(x["state"], x["type"], x["subject"]) for x in pairs]

    def count(self, alert):
        return int(self.stack.redis("GET", f"alerts:count:{alert}") or 0)

    def test_rows_enter_and_leave_windows_by_the_clock(self):
        customer = self.customer()
        made = self.order(customer, status="windowed")
        later = self.order(customer, status="windowed", at="now() AT TIME ZONE 'UTC' + interval '12 seconds'")
        wait_until("the order of the future counts already",
                   lambda: self.stack.redis("HGET", "test:recent", "windowed") == "2", 20)
        wait_until("the order is shown with the next second",
                   lambda: self.stack.redis("EXISTS", f"test:order:{made}") == 1, 10)
        self.assertEqual(self.stack.redis("EXISTS", f"test:order:{later}"), 0)
        self.assert_equal_to_sql(why="with rows in the windows")
        wait_until("the order of the future is shown",
                   lambda: self.stack.redis("EXISTS", f"test:order:{later}") == 1, 30)
        self.stack.kill("node")
        places = ("test:recent", f"test:order:{made}", f"test:order:{later}")
        wait_until("all rows have left", lambda: not self.stack.redis("EXISTS", *places), 60)
        self.assert_equal_to_sql(why="after the rows have left, and a kill of the node")

    def test_the_newest_minute_is_copied(self):
        customer = self.customer()
        self.order(customer, total=5, at="timestamp '2090-01-01 10:00:00'")
        wait_until("the new minute is there", lambda: self.stack.redis("EXISTS", "realtime:metrics:20900101_1000"), 20)
        wait_until("it is copied", lambda: self.stack.redis("HGETALL", "realtime:metrics:latest") ==
                   self.stack.redis("HGETALL", "realtime:metrics:20900101_1000"), 20)
        self.assert_equal_to_sql(why="with a newest minute")
        self.stack.redis("HSET", "realtime:metrics:latest", "orders", "77")
        code, report = self.stack.verify(20)
        self.assertEqual(code, 1, running.in_words(report))
        self.stack.sql("DELETE FROM orders WHERE order_date > timestamp '2080-01-01'")
        wait_until("the copy is of another minute",
                   lambda: self.stack.redis("HGET", "realtime:metrics:latest", "customers") is not None, 20)
        self.assert_equal_to_sql(why="after the newest minute has gone")

    def test_an_alert_fires_once_and_is_resolved_once_through_kills_of_the_node(self):
        customer = self.customer()
        fired = self.count("big")
        made = self.order(customer, total=5000)
        wait_until("the order fires", lambda: ("firing", "big", made) in self.events(), 20)
        event = self.stack.redis("HGETALL", f"alerts:big:{made}")
        self.stack.kill("node")
        small = self.order(customer, total=999)
        wait_until("the node serves again", self.stack.is_live, 60)
        self.assert_equal_to_sql(why="after a kill of the node")
        self.assertEqual(self.stack.redis("HGETALL", f"alerts:big:{made}"), event)
        self.assertEqual(self.stack.redis("SISMEMBER", "alerts:active:big", made), 1)
        self.stack.sql(f"UPDATE orders SET total_amount = 1 WHERE id = {made}")
        self.stack.kill("node")
        wait_until("the order is resolved", lambda: ("resolved", "big", made) in self.events(), 60)
        self.assertEqual([x for x in self.events() if x[1] == "big"],
                         [("firing", "big", made), ("resolved", "big", made)])
        self.assertEqual(self.count("big"), fired + 1)
        self.assertGreater(self.stack.redis("TTL", f"alerts:big:{made}"), 0)
        self.assertEqual(self.stack.redis("EXISTS", f"alerts:big:{small}"), 0)
        self.assert_equal_to_sql(why="after the alert was resolved")

    def test_a_pending_subject_survives_a_kill_and_fires_once(self):
        made = self.order(self.customer(), status="stuck")
        wait_until("the order is pending", lambda: "pending" in self.stack.door("alerts", "idle").stdout, 20)
        self.stack.kill("node")
        wait_until("the order fires", lambda: ("firing", "idle", made) in self.events(), 60)
        self.stack.sql(f"UPDATE orders SET status = 'shipped' WHERE id = {made}")
        wait_until("the order is recovering",
                   lambda: "recovering" in self.stack.door("alerts", "idle").stdout, 20)
        wait_until("the order is resolved", lambda: ("resolved", "idle", made) in self.events(), 20)
        self.assertEqual([x for x in self.events() if x[1] == "idle"],
                         [("firing", "idle", made), ("resolved", "idle", made)])

    def test_a_burst_ends_by_the_clock(self):
        customer = self.customer()
        for _ in range(3):
            self.order(customer)
        wait_until("the customer fires", lambda: ("firing", "burst", customer) in self.events(), 20)
        wait_until("the burst is over", lambda: ("resolved", "burst", customer) in self.events(), 40)
        self.assert_equal_to_sql(why="after a burst")

    def test_another_threshold_keeps_who_matches_before_and_after(self):
        customer = self.customer()
        middle, high = self.order(customer, total=2000), self.order(customer, total=9000)
        wait_until("both fire", lambda: len([x for x in self.events() if x[1] == "big"]) == 2, 20)
        (self.folder / "big.sql").write_text(BIG.format(5000))
        self.stack.door("apply")
        wait_until("the order in the middle is resolved",
                   lambda: ("resolved", "big", middle) in self.events(), 20)
        self.assert_equal_to_sql(why="with another threshold")
        self.assertEqual([x for x in self.events() if x[2] == high], [("firing", "big", high)])
        self.assertEqual(self.stack.redis("SISMEMBER", "alerts:active:big", high), 1)
        (self.folder / "big.sql").write_text(BIG.format(1000))
        self.stack.door("apply")
        wait_until("the order in the middle fires again",
                   lambda: self.events().count(("firing", "big", middle)) == 2, 20)


if __name__ == "__main__":
    running.main()
