#!/usr/bin/env python3
"""What `monitor` shows, for each size of a terminal and each state of a node: the frame is a function, so no terminal
is needed."""
import contextlib
import http.server
import io
import json
import pathlib
import sys
import threading
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import support

import main
import monitor
from monitor_frame import View, frame
from monitor_words import columns, cut, encodable, milliseconds, padded, seconds, size, wrapped

CLOCK = 1_700_000_000


def report(figures=3, events=1000, **more):
    """Returns a node's report in which all is well, but for what is given. `figures`: a number of live ones, or a
    list."""
    if isinstance(figures, int):
        figures = [{"name": f"figure_{i:03}", "state": "live"} for i in range(figures)]
    return {
        "project": "shop", "phase": "live", "events": events, "events_per_second": 7, "lag_ms": 45, "rows": 12345,
        "last_flush": CLOCK - 5, "figures": figures,
        "router": {"own_lag_ms": 30, "waiting_bytes": 2048, "sources": [{"read": 10, "durable": 8, "paused": False}]},
        "writer": {"flushes": events // 10, "busy": False, "interval_ms": 10, "trouble": None},
        "cluster": {"leads": True, "unserved_cells": 0, "surroundings": {
            "slot": {"trouble": "", "exists": True, "active": True, "retained_wal_bytes": 1 << 24},
            "connector": {"state": "RUNNING", "task": "RUNNING", "restarts": 0}}},
        "member": {"name": "node", "shards": list(range(16)), "nodes": {"node-2": {"cells": 32, "trouble": ""}}},
        "scheduler": {"batches": [{"name": "daily", "state": "waits", "last_success": CLOCK - 90, "took_ms": 31,
                                   "rows": 5, "next": CLOCK + 30, "missed": 0}]},
        "troubles": [], **more
    }


def view(now=None, before=None, **more):
    """Returns a view of two looks that are 2 s apart."""
    now = now or report()
    before = before or {**now, "events": now["events"] - 100, "writer": {"flushes": now["writer"]["flushes"] - 10}}
    return View("node", "127.0.0.1:15406", (10.0, before), (12.0, now), CLOCK, **{"alerts": [], **more})


def stale(figures=3):
    why = "no changes come; run deploy/millrace connector restart"
    return report([{"name": f"figure_{i:03}", "state": "stale", "why": why, "since": CLOCK - 60}
                   for i in range(figures)],
                  troubles=[{"id": "figures are stale", "what": f"all {figures} figures are stale", "why": why,
                             "since": CLOCK - 60},
                            {"id": "x", "what": "the connector has trouble", "why": "it is PAUSED", "since": 0}])


class Frames(unittest.TestCase):
    def lines(self, a_view, width, height):
        """Returns the frame's lines; asserts that they fit."""
        shown = frame(a_view, width, height)
        lines = ["".join(text for text, _ in line) for line in shown.lines]
        self.assertLessEqual(len(lines), height)
        for line in lines:
            self.assertLessEqual(columns(line), width, line)
        return lines

    def line(self, lines, beginning):
        return next((line for line in lines if line.startswith(beginning)), None)

    def test_all_that_counts_is_in_80x24(self):
        lines = self.lines(view(), 80, 24)
        self.assertEqual(len(lines), 24)
        self.assertTrue(lines[0].startswith("✓ All is well: 4 figures are live "))
        self.assertTrue(lines[0].endswith("shop · node"))
        self.assertEqual(lines[1], "50 events/s   lag 45 ms (30 ms after Kafka)   waiting 2.0 KiB, 2 records")
        for part in ("  PostgreSQL       slot is read · 16.0 MiB of WAL kept",
                     "▶ Cells            slowest: 30 ms of 45 ms · 12,345 rows · 16 shards here",
                     "  Redis            5 flushes/s · last one 5 s ago", "Figures  3 live; 12,345 rows in memory",
                     "  figure_000  live", "Alerts  none fires", "Batches  1 waits", "Nodes  2 nodes; node leads",
                     "  daily  waits    ran 90 s ago, took 31 ms, 5 rows, next in 30 s", "  node  16 shards  serves",
                     "  node-2  about 16 shards  serves", "q quit "):
            self.assertIsNotNone(self.line(lines, part), f"{part!r} isn't in\n" + "\n".join(lines))

    def test_a_small_terminal_has_the_verdict_the_slowest_stage_and_every_table(self):
        lines = self.lines(view(), 40, 10)
        self.assertTrue(lines[0].startswith("✓ All is well"))
        for part in ("50 events/s", "▶ Cells is slowest: 30 ms of 45 ms", "Figures", "Alerts", "Batches", "Nodes"):
            self.assertIsNotNone(self.line(lines, part), part)

    def test_a_large_terminal_has_the_figures_beside_the_rest(self):
        lines = self.lines(view(report(40)), 200, 60)
        self.assertEqual(len(lines), 60)
        beside = self.line(lines, "Figures  40 live")
        self.assertEqual(beside.index("Alerts"), 101)
        self.assertIsNotNone(self.line(lines, "  figure_039"))

    def test_every_size_has_a_frame(self):
        views = view(stale(50)), view(away="gone"), View("node", "x"), view(help=True)
        for width in (1, 2, 3, 10, 40, 119, 120, 300):
            for height in (1, 2, 5, 6, 7, 12, 15, 16, 20, 60):
                for one in views:
                    self.assertTrue(self.lines(one, width, height))

    def test_trouble_comes_first_with_its_age_and_reason(self):
        lines = self.lines(view(stale()), 80, 24)
        self.assertTrue(lines[0].startswith("✕ All 3 figures are stale, for 60 s"))
        self.assertIn("No changes come; run deploy/millrace connector restart", lines[1])
        self.assertEqual(lines[2], "  also: The connector has trouble")
        row = self.line(lines, "  figure_000")
        self.assertIn("stale       60 s     no changes come", row)
        self.assertIn(("stale     ", "busy"), [span for line in frame(view(stale()), 80, 24).lines for span in line])

    def test_the_stage_that_holds_back_is_marked_with_its_cause(self):
        now = report()
        now["cluster"]["surroundings"]["connector"]["state"] = "PAUSED"
        lines = self.lines(view(now), 80, 24)
        self.assertIn("▶ Debezium, Kafka  holds back: the connector is paused", "\n".join(lines))
        now["writer"]["trouble"] = {"what": "OOM", "since": 1}
        self.assertIn("▶ Redis            holds back: OOM", "\n".join(self.lines(view(now), 80, 24)))

    def test_a_node_that_is_away_is_told_by_name_and_what_it_said_is_dimmed(self):
        one = view(away="No answer", away_for=12.3)
        lines = self.lines(one, 80, 24)
        self.assertTrue(lines[0].startswith("✕ node doesn't answer at 127.0.0.1:15406, for 12 s"))
        self.assertIn("deploy/millrace logs node", lines[1])
        self.assertIn("What the node said last is shown", " ".join(" ".join(lines[1:3]).split()))
        self.assertIsNotNone(self.line(lines, "Figures  3 live"))
        roles = {role for line in frame(one, 80, 24).lines[3:] for _, role in line}
        self.assertEqual(roles, {"muted"})
        never = self.lines(View("node-2", "127.0.0.1:1", away="No answer", away_for=1), 80, 24)
        self.assertTrue(never[0].startswith("✕ node-2 doesn't answer at 127.0.0.1:1"))
        self.assertNotIn("said last", " ".join(never))

    def test_a_node_that_starts_is_no_alarm(self):
        starting = {"phase": "starting", "why": "x", "figures": [],
                    "troubles": [{"what": "the node isn't ready", "why": "Redis is loading", "since": CLOCK - 3}]}
        one = View("node", "x", None, (1.0, starting), CLOCK)
        self.assertEqual([line.split() for line in self.lines(one, 80, 24)[:2]],
                         [["…", "The", "node", "isn't", "ready,", "for", "3", "s", "node"], ["Redis", "is", "loading"]])

    def test_hundreds_of_figures_scroll_to_the_last_one_and_no_further(self):
        now = report(500)
        first = frame(view(now), 80, 24)
        self.assertIn(f"1-{first.page} of 500", "\n".join(first.text()))
        end = frame(view(now, scroll=10**6), 80, 24)
        self.assertIn(f"{501 - end.page}-500 of 500", "\n".join(end.text()))
        self.assertIn("  figure_499  live", end.text())
        self.assertEqual(first.most, 500 - first.page)
        self.assertIn("  figure_001  live", frame(view(now, scroll=1), 80, 24).text())
        self.assertNotIn("  figure_000  live", frame(view(now, scroll=1), 80, 24).text())
        rest = [line for line in first.text() if not line.startswith(("Figures", "  figure_"))]
        self.assertEqual([line for line in end.text() if not line.startswith(("Figures", "  figure_"))], rest)

    def test_f_leaves_only_what_is_not_live(self):
        now = report(300)
        now["figures"][150] = {"name": "late", "state": "incomplete", "why": "w", "since": CLOCK - 1}
        shown = frame(view(now, only_bad=True), 80, 24)
        self.assertIn("299 live, 1 incomplete", "\n".join(shown.text()))
        self.assertFalse([line for line in shown.text() if line.startswith("  figure_")])
        self.assertIn("  late  incomplete  1 s      w", shown.text())
        self.assertEqual(shown.most, 0)

    def test_wide_characters_keep_the_columns(self):
        now = report(figures=[{"name": "注文の合計", "state": "live"}, {"name": "e\u0301te", "state": "live"},
                              {"name": "x" * 60, "state": "live"}])
        lines = self.lines(view(now), 80, 24)
        rows = [line for line in lines if "  live  " in line]
        self.assertEqual(len(rows), 3)
        self.assertEqual({columns(row[:row.index("live")]) for row in rows}, {36})
        self.lines(view(now), 17, 24)

    def test_control_characters_never_reach_the_terminal(self):
        evil = "a\x1b[2J\r\n\x9b31m\u202e\u200d\ud800"
        now = report(figures=[{"name": evil, "state": evil, "why": evil, "since": 1}], project=evil,
                     troubles=[{"id": evil, "what": evil, "why": evil + "b", "since": 1}])
        now["member"]["nodes"] = {evil: {"cells": 1, "trouble": evil}}
        now["cluster"]["surroundings"].update(
            open_dead_letters={evil: 1}, doubts={evil: {"reason": evil, "remedy": evil}},
            connector={"state": evil, "task": evil}, encoding=evil)
        now["scheduler"]["batches"][0].update(name=evil, state=evil, why=evil)
        listed = [{"alert": evil, "subject": evil, "state": evil, "since": evil, "severity": evil}]
        for how in ({"alerts": listed}, {"alerts": None, "alerts_why": evil}, {"away": evil}):
            for where in ((80, 24), (200, 60), (None, None)):
                text = "".join(frame(view(now, **how), *where).text())
                self.assertIn("a\\u001b[2J\\r\\n\\u009b31m", text)
                for character in "\x1b\r\n\x9b\u202e\u200d\ud800":
                    self.assertNotIn(character, text)

    def test_a_report_of_other_types_is_shown_as_unknown(self):
        for x in (None, 5, "x", [], [5], {"a": None}, True, 10**400):
            now = {name: x for name in report()}
            self.assertTrue(self.lines(View("node", "x", (1.0, now), (2.0, now), CLOCK, alerts=[]), 80, 24))
            for name, inner in report().items():
                if isinstance(inner, dict):
                    now[name] = {key: x for key in inner}
            self.assertTrue(self.lines(View("node", "x", (1.0, now), (2.0, now), CLOCK, alerts=[]), 80, 24))

    def test_rates_are_counted_between_two_looks(self):
        self.assertIn("50 events/s", frame(view(), 80, 24).text()[1])
        restarted = view(report(events=10), report(events=5000))
        self.assertIn("7 events/s", frame(restarted, 80, 24).text()[1])  # the node's own
        self.assertIn("  Redis            – flushes/s", "\n".join(frame(restarted, 80, 24).text()))

    def test_alerts_that_fire_come_first(self):
        listed = [{"alert": "a", "subject": "1", "state": "pending", "severity": "critical", "since": "t"},
                  {"alert": "b", "subject": "2", "state": "firing", "severity": "info", "since": "t"},
                  {"alert": "c", "subject": "3", "state": "firing", "severity": "critical", "since": "t"},
                  {"alert": "d", "subject": "4", "state": "firing", "severity": "critical", "since": "t",
                   "silenced": {}}]
        text = frame(view(alerts=listed)).text()
        at = text.index("Alerts  3 firing, 1 pending")
        self.assertEqual([line.split()[2] for line in text[at + 1:at + 5]], ["c", "b", "a", "d"])
        self.assertIn("Alerts  not known: Redis is away",
                      frame(view(alerts=None, alerts_why="not known: Redis is away"), 80, 24).text())

    def test_without_a_size_nothing_is_cut(self):
        text = frame(view(stale(500))).text()
        self.assertIn("  figure_499  stale       60 s     no changes come; run deploy/millrace connector restart", text)
        self.assertNotIn("q quit", "\n".join(text))


class Words(unittest.TestCase):
    def test_numbers_have_their_units(self):
        self.assertEqual([size(x) for x in (0, 1023, 1536, 1 << 40, float("nan"))],
                         ["0 B", "1023 B", "1.5 KiB", "1.0 TiB", "–"])
        self.assertEqual([seconds(x) for x in (-1, 119, 120, 7200, 172800)], ["0 s", "119 s", "2 min", "2 h", "2 days"])
        self.assertEqual([milliseconds(x) for x in (45, 1234, 65000)], ["45 ms", "1.2 s", "65 s"])

    def test_text_fits_its_columns(self):
        self.assertEqual(cut("abcdef", 4), "abc…")
        self.assertEqual(cut("注文の", 4), "注…")
        self.assertEqual(padded("注", 3), "注 ")
        self.assertEqual(wrapped("a bb ccc dddd", 5, 2), ["a bb", "ccc …"])
        self.assertEqual(wrapped("", 5, 2), [])

    def test_a_terminal_without_utf_8_gets_signs_of_its_own(self):
        self.assertEqual(encodable("✓ 注 · é", "ascii"), "+ ?? . ?")
        self.assertEqual(encodable("✓ é", "utf-8"), "✓ é")


class Answers(http.server.BaseHTTPRequestHandler):
    """A node: answers with the server's `code` and `body`."""

    def do_GET(self):
        self.send_response(self.server.code)
        self.end_headers()
        self.wfile.write(self.server.body.encode())

    def log_message(self, *_):
        pass


class Looks(support.StackTest):
    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.addCleanup(self.server.server_close)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.shutdown)
        self.settings = self.resolve(environment={"MILLRACE_HTTP_PORT": str(self.server.server_port)})

    def answer(self, body, code=200):
        self.server.code, self.server.body = code, body

    def once(self):
        """Returns the exit code and the printed lines of --once."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), unittest.mock.patch.object(monitor, "alerts", return_value=[]):
            code = monitor.monitor(self.settings, "node", 0.2, True)
        return code, out.getvalue().splitlines()

    def test_once_prints_a_frame_and_tells_by_its_exit_code_whether_the_node_answers(self):
        self.answer(json.dumps(report()))
        code, lines = self.once()
        self.assertEqual((code, lines[0]), (0, "✓ All is well: 4 figures are live · shop · node"))
        for body in ("no JSON", "5", "{}"):
            self.answer(body)
            code, lines = self.once()
            self.assertEqual(code, 1)
            self.assertIn("node doesn't answer at 127.0.0.1:", lines[0])
            self.assertIn("Another program answers there, not a node", lines[1])

    def test_a_node_that_starts_answers(self):
        self.answer(json.dumps({"phase": "starting", "troubles": [{"what": "the node isn't ready"}]}), 503)
        code, lines = self.once()
        self.assertEqual((code, lines[0]), (0, "… The node isn't ready · node"))

    def test_a_node_that_nobody_runs_is_told(self):
        self.server.shutdown()
        self.server.server_close()
        code, lines = self.once()
        self.assertEqual(code, 1)
        self.assertIn("The connection was refused or lost", lines[1])

    def test_looks_go_on_after_a_silence(self):
        watch = monitor.Watch(self.settings, "node", 1.0)
        self.answer(json.dumps(report(events=100)))
        self.assertTrue(watch.look())
        self.answer("", 500)
        self.assertFalse(watch.look())
        self.assertTrue(watch.view().away)
        self.answer(json.dumps(report(events=200)))
        self.assertTrue(watch.look())
        self.assertEqual([look[1]["events"] for look in (watch.view().before, watch.view().now)], [100, 200])
        self.assertEqual(watch.view().away, "")

    def test_why_no_alerts_are_known_is_shown(self):
        watch = monitor.Watch(self.settings, "node", 1.0)
        for script, why in (("echo '[{\"alert\": \"a\"}, 5]'", ""), ("echo 'millrace: Redis is away' >&2; exit 1",
                                                                  "not known: Redis is away")):
            binary = self.home.root / "bin" / "millrace"
            binary.parent.mkdir(parents=True, exist_ok=True)
            binary.write_text(f"#!/bin/sh\n{script}\n")
            binary.chmod(0o755)
            watch.look_at_alerts()
            self.assertEqual((watch.alerts, watch.alerts_why), (None if why else [{"alert": "a"}], why))

    def test_the_verb_refuses_what_it_cannot_do(self):
        for words in (["--interval", "0"], ["--interval", "nan"], ["--node", "redis"]):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                main.parser().parse_args(["monitor", *words])
        self.assertEqual(main.parser().parse_args(["monitor"]).interval, 1.0)


if __name__ == "__main__":
    unittest.main()
