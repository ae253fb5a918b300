#!/usr/bin/env python3
"""What a node tells to Prometheus, to probes and to `monitor`: the metrics are true, the dashboard's queries return
data, and a rule fires while its cause lasts."""
import json
import os
import signal
import statistics
import subprocess
import time
import urllib.error
import urllib.request

import running
import stack
from prometheus import RULES, Prometheus
from stack import DOOR, REPOSITORY, wait_until
from terminal import Terminal

TOLD_WITHIN = 5  #: seconds, in which `monitor` says that its node is gone
DASHBOARD = REPOSITORY / "deploy" / "grafana" / "millrace.json"


class Metrics(running.SystemTest):
    rate = 50
    settings = {"MILLRACE_STALE_AFTER_SECONDS": 5}
    figures = [REPOSITORY / "sql" / kind for kind in ("figures", "alerts", "batch")]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.node = f"http://127.0.0.1:{cls.stack.settings['MILLRACE_HTTP_PORT']}"
        cls.prometheus = cls.enterClassContext(
            Prometheus(stack.FIRST_PORT + 60, cls.stack.settings["MILLRACE_HTTP_PORT"]))

    def get(self, path):
        """Returns (code, body) of a path of the node."""
        try:
            with urllib.request.urlopen(self.node + path, timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def probe(self, path):
        """Returns (code, reasons)."""
        code, body = self.get(path)
        return code, json.loads(body)["why"]

    def health(self, *which):
        """Returns (exit code, output) of the verb `health`."""
        environment = {**self.stack.environment, **self.stack.endpoints}
        done = subprocess.run([self.stack.home / "bin" / "millrace", "health", *which], env=environment,
                              capture_output=True, text=True, timeout=60, cwd=self.stack.home)
        return done.returncode, done.stdout + done.stderr

    def promtool(self, *words, text=None):
        return subprocess.run(["promtool", *map(str, words)], input=text, capture_output=True, text=True, timeout=60)

    def queries(self):
        """Returns (title, query) of each target of the dashboard, as Grafana sends them."""
        for panel in json.loads(DASHBOARD.read_text())["panels"]:
            for target in panel.get("targets", []):
                yield panel["title"], target["expr"].replace("$instance", ".*").replace("$__rate_interval", "5s")

    def test_promtool_accepts_rules_and_metrics(self):
        checked = self.promtool("check", "rules", RULES)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        checked = self.promtool("check", "metrics", text=self.get("/metrics")[1])
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))

    def test_metrics_are_what_status_tells(self):
        value = self.prometheus.value
        wait_until("figures are live", self.stack.is_live, 120)
        figures = self.stack.status()["figures"]
        wait_until("all figures are live", lambda: value('millrace_figures{state="live"}') == len(figures), 30)
        before = self.stack.status()["events"]
        wait_until("a scrape after it", lambda: value("millrace_records_total") >= before, 30)
        self.assertLessEqual(value("millrace_records_total"), self.stack.status()["events"])
        self.assertEqual(value("millrace_shards"), 32)
        self.assertEqual(value("count(millrace_partition_read_offset)"), len(self.stack.status()["router"]["sources"]))
        self.assertGreater(value("millrace_lag_seconds"), 0)
        self.assertGreater(value("process_resident_memory_bytes"), 1 << 20)
        self.assertEqual(value("millrace_series_left_out"), 0)

    def test_scrapes_do_not_wait_for_each_other(self):
        took = []
        for _ in range(50):
            began = time.monotonic()
            self.assertEqual(self.get("/metrics")[0], 200)
            took.append((time.monotonic() - began) * 1000)
        print(f"a scrape takes {statistics.median(took):.1f} ms, at most {max(took):.1f} ms")
        self.assertEqual(self.prometheus.value("millrace_silent_actors"), 0)

    def test_a_node_that_serves_is_healthy_and_ready(self):
        wait_until("the node is ready", lambda: self.probe("/readyz") == (200, []), 60)
        self.assertEqual(self.probe("/healthz"), (200, []))
        self.assertEqual(self.health(), (0, "the node serves: live\n"))
        self.assertEqual(self.health("ready"), (0, "the node is ready: live\n"))

    def test_a_paused_connector_fires_its_rules_until_it_is_resumed(self):
        firing = self.prometheus.firing
        wait_until("nothing fires", lambda: firing() == set(), 120)
        self.stack.rest("/connectors/millrace-shop/pause", method="PUT")
        wait_until("the rules fire", lambda: firing() >= {"MillraceFiguresStale", "MillraceConnectorDown"}, 90)
        self.assertEqual(self.prometheus.value('millrace_figures{state="live"}'), 0)
        self.assertEqual(self.health()[0], 0)  # a restart would mend nothing
        self.assertIn("is resumed", self.stack.door("connector", "restart").stdout)
        wait_until("nothing fires", lambda: firing() == set(), 120)

    def test_a_frozen_redis_makes_the_node_unready_and_metrics_are_still_told(self):
        redis = self.stack.pid("redis")
        os.kill(redis, signal.SIGSTOP)
        try:
            wait_until("the node isn't ready", lambda: self.probe("/readyz")[0] == 503, 60)
            print(f"with a frozen Redis: {self.probe('/readyz')[1]}")
            self.assertEqual(self.health("ready")[0], 1)
            wait_until("Prometheus knows", lambda: self.prometheus.value("millrace_ready") == 0, 60)
        finally:
            os.kill(redis, signal.SIGCONT)
        wait_until("the node is ready", lambda: self.probe("/readyz") == (200, []), 120)
        wait_until("Prometheus knows", lambda: self.prometheus.value("millrace_ready") == 1, 60)

    def test_every_query_of_the_dashboard_has_had_data_and_no_rule_is_broken(self):
        wait_until("the batches have run", lambda: self.prometheus.value(
            "min(millrace_batch_last_success_timestamp_seconds) > 0"), 120)
        queries = list(self.queries())
        self.assertGreater(len(queries), 15)
        empty = [(title, query) for title, query in queries if not self.prometheus.has_had_data(query)]
        self.assertEqual(empty, [])
        self.assertEqual(self.prometheus.broken_rules(), [])

    def begins(self, terminal, sign, *parts):
        """Returns the screen once its first line begins with the sign and all parts are on it, wherever lines break,
        else None."""
        lines = terminal.text()
        words = " ".join(" ".join(lines).split())
        return lines if lines[0].startswith(sign) and all(part in words for part in parts) else None

    def test_monitor_prints_one_frame_without_a_terminal(self):
        wait_until("figures are live", self.stack.is_live, 120)
        done = self.stack.door("monitor")
        self.assertTrue(done.stdout.startswith("✓ All is well: "), done.stdout)
        for name in self.stack.figure_states():
            self.assertRegex(done.stdout, rf"(?m)^  {name} +live$")
        self.assertRegex(done.stdout, r"(?m)^Alerts  (none fires|\d+ (firing|pending|recovering))")
        self.assertNotIn("\x1b", done.stdout)

    def test_monitor_shows_figures_live_until_its_node_is_gone_and_restores_the_terminal(self):
        with Terminal([DOOR, "monitor"], self.stack.environment) as terminal:
            figures = len(self.stack.figure_states())
            shown = wait_until("all is well", lambda: self.begins(
                terminal, "✓ All is well", f"Figures {figures} live", "Batches ", "node 32 shards serves"), 60)
            wait_until("events flow", lambda: any(line[:1] in "123456789" and " events/s   lag " in line
                                                  for line in terminal.text()), 60)
            self.assertIn("1049", terminal.modes)
            print("\n".join(shown))
            terminal.resize(10, 40)
            wait_until("the frame fits a smaller terminal",
                       lambda: self.begins(terminal, "✓ All is well", "Nodes 1 node", "q quit"), 30)
            terminal.resize(24, 80)
            wait_until("it fits again", lambda: self.begins(terminal, "✓ All is well", "PostgreSQL slot "), 30)
            self.stack.kill("node", hold=True)
            began = time.monotonic()
            print("\n".join(wait_until("the loss is told", lambda: self.begins(
                terminal, "✕ node doesn't answer at 127.0.0.1:", "logs node"), TOLD_WITHIN)))
            print(f"told {time.monotonic() - began:.1f} s after the kill")
            self.stack.door("service", "start", "node")
            wait_until("the node is seen again", lambda: self.begins(terminal, "✓ All is well"), 120)
            terminal.type("q")
            self.assertEqual(terminal.wait(30), 0)
            self.assertTrue(terminal.is_restored())

    def test_ctrl_c_ends_monitor_and_restores_the_terminal(self):
        with Terminal([DOOR, "monitor"], {**self.stack.environment, "NO_COLOR": "1"}) as terminal:
            wait_until("a frame", lambda: "events/s" in "".join(terminal.text()), 60)
            terminal.type("\x03")
            self.assertEqual(terminal.wait(30), 0)
            self.assertTrue(terminal.is_restored())

    def test_a_killed_node_fires_until_it_is_back(self):
        self.stack.kill("node", hold=True)
        wait_until("the rule fires", lambda: "MillraceNodeDown" in self.prometheus.firing(), 60)
        code, told = self.health()
        self.assertEqual((code, "no node answers" in told), (1, True), told)
        self.stack.door("service", "start", "node")
        wait_until("nothing fires", lambda: self.prometheus.firing() == set(), 120)
        self.assert_equal_to_sql(why="after all of it")


if __name__ == "__main__":
    running.main()
