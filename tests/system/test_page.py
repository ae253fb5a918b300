#!/usr/bin/env python3
"""The live page of a node, in a real browser: it shows what the status says, tells a paused connector and a lost node
in time, keeps its own policy, and is usable by keyboard and screen reader. MILLRACE_PICTURES=docs renews the
pictures of docs/page.md."""
import contextlib
import http.client
import os
import pathlib
import sys
import time
import urllib.error
import urllib.request

import running
import stack
from stack import wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "page"))
import browser  # noqa: E402

PROMISED = 3  #: seconds, within which the page tells that its node is lost
SAMPLES = int(os.environ.get("MILLRACE_PICTURE_SAMPLES", "120"))  #: of 5 s, in the pictures
SEATS = 8  #: streams of events that a node serves at a time
LARGEST = 300_000  #: bytes of all files together
FIRST = "document.querySelector('#first').textContent"
HELD = "document.querySelector('#held').textContent"
SIZES = (("light", 360, 740), ("light", 1440, 900), ("light", 3840, 2160), ("dark", 820, 1180))


def is_first(text):
    return f"{FIRST}.includes({text!r})"


class Page(running.SystemTest):
    rate = 50
    figures = [stack.REPOSITORY / "sql" / kind for kind in ("figures", "alerts", "batch")]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.port = int(cls.stack.settings["MILLRACE_HTTP_PORT"])
        cls.url = f"http://127.0.0.1:{cls.port}/"
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)
        wait_until("every figure is live", cls.stack.is_live, 120)

    def open(self, **how):
        self.browser.do("open", url=self.url, **how)
        self.browser.until(is_first("All is well"), 30)

    def count(self, selector):
        return self.browser.value(f"document.querySelectorAll({selector!r}).length")

    def get(self, path, **headers):
        """Returns the answer's code and headers; its body is read."""
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers), timeout=10) as reply:
                reply.read()
                return reply.status, reply.headers
        except urllib.error.HTTPError as error:
            error.read()
            return error.code, error.headers

    def stream(self):
        """Returns a connection with an open stream of events, and its answer; None where no seat is free."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        line.request("GET", "/events")
        answer = line.getresponse()
        if answer.status == 200:
            return line, answer
        line.close()
        return None

    @contextlib.contextmanager
    def streams(self, count):
        """Gives so many streams of events. A seat that was just left is free within a second."""
        self.browser.do("open", url="about:blank")
        with contextlib.ExitStack() as lines:
            out = []
            for _ in range(count):
                line, answer = wait_until("a seat is free", self.stream, 10)
                lines.callback(line.close)
                lines.callback(answer.close)
                out.append(answer)
            yield out

    def assert_silent(self):
        said = self.browser.do("said")
        self.assertEqual(said["told"], [], "the page complained to the console")
        self.assertEqual(said["foreign"], [], "the page asked another server")

    def test_the_page_shows_what_the_status_says(self):
        self.open(width=1440, height=900)
        states = self.stack.figure_states()
        live = sum(state == "live" for state in states.values())
        self.assertGreater(live, 10)
        self.assertEqual(self.count("#figure-table tbody .badge.live"), live)
        self.assertIn(f"{live} figures", self.browser.text("#figures-count"))
        sources = self.stack.status()["router"]["sources"]
        self.assertEqual(self.count("#partition-table tbody tr"), len(sources))
        batches = self.stack.status()["scheduler"]["batches"]
        self.assertEqual(self.count("#batch-table tbody tr"), len(batches))
        self.assertEqual(self.count("#shards .mine"), 32)
        self.browser.until("/[1-9][0-9]* records.s/.test(document.querySelector('#rate-now').textContent)", 30)
        self.assert_silent()

    def test_a_report_comes_each_second(self):
        with self.streams(1) as (stream,):
            arrived = []
            deadline = time.monotonic() + 20
            while len(arrived) < 5 and time.monotonic() < deadline:
                if stream.readline().startswith(b"data: {"):
                    arrived.append(time.monotonic())
        self.assertEqual(len(arrived), 5)

    def test_the_page_is_light_and_from_this_server_alone(self):
        self.open()
        self.assertLess(self.browser.do("weight"), LARGEST)
        code, headers = self.get("")
        self.assertEqual(code, 200)
        self.assertEqual(headers["Content-Type"], "text/html; charset=utf-8")
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertNotIn("unsafe", headers["Content-Security-Policy"])
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(self.get("", **{"If-None-Match": headers["ETag"]})[0], 304)
        self.assertEqual(self.get("page/main.js")[1]["Content-Type"], "text/javascript; charset=utf-8")
        self.assertEqual(self.get("page/unknown.js")[0], 404)
        self.assert_silent()

    def test_the_policy_stops_a_script_from_elsewhere(self):
        self.open()
        self.browser.value("document.body.append(Object.assign(document.createElement('script'), "
                           "{textContent: 'window.broken = true'}))")
        self.assertIsNone(self.browser.value("window.broken"))

    def test_axe_finds_nothing_and_no_width_needs_scrolling(self):
        for scheme, width, height in SIZES:
            self.open(scheme=scheme, width=width, height=height)
            self.assertEqual(self.browser.do("axe"), [], f"{scheme}, {width} px")
            self.assertLessEqual(self.browser.value("document.documentElement.scrollWidth"), width)
            self.assert_silent()

    def test_the_filter_is_used_by_keyboard(self):
        self.open()
        for _ in range(10):
            self.browser.do("press", keys=["Tab"])
            if self.browser.value("document.activeElement.id") == "filter":
                break
        self.browser.do("type", text="by_status")
        names = "[...document.querySelectorAll('#figure-table tbody th')].map((x) => x.textContent)"
        self.browser.until(f"{names}.length > 0 && {names}.every((x) => x.includes('by_status'))", 5)

    def test_pictures(self):
        """Renews the pictures of docs/page.md, once the charts have some minutes to show."""
        folder = os.environ.get("MILLRACE_PICTURES")
        if not folder:
            self.skipTest("MILLRACE_PICTURES names no folder")
        samples = f"fetch('/page/history').then((x) => x.json()).then((x) => x.at.length >= {SAMPLES})"
        self.open()
        self.browser.until(samples, 60 + 5 * SAMPLES)
        for scheme, name in (("light", "page.png"), ("dark", "page-dark.png")):
            self.open(scheme=scheme, width=1280, height=900)
            self.browser.until("/[1-9][0-9]* flushes/.test(document.querySelector('#picture').textContent)", 20)
            self.browser.do("picture", file=str((stack.REPOSITORY / folder / name).resolve()))

    def test_another_sites_page_gets_no_stream(self):
        self.assertEqual(self.get("events", **{"Sec-Fetch-Site": "cross-site"})[0], 403)
        self.assertEqual(self.get("events", Origin="http://elsewhere.example")[0], 403)

    def test_one_page_too_many_is_served_by_the_status(self):
        with self.streams(SEATS):
            self.assertIsNone(self.stream())
            self.open()
            before = self.browser.text("#flow")
            self.browser.until(f"document.querySelector('#flow').textContent !== {before!r}", 10)
            self.assertEqual(self.browser.text("#contact"), "live")

    def test_a_paused_connector_is_told_and_marked(self):
        self.open()
        name = self.stack.rest("/connectors")[0]
        began = time.monotonic()
        self.stack.rest(f"/connectors/{name}/pause", method="PUT")
        try:
            wait_until("the node knows",
                       lambda: self.stack.status()["cluster"]["surroundings"]["connector"]["state"] == "PAUSED", 60)
            known = time.monotonic()
            self.browser.until(f"{HELD}.includes('the connector is paused')", PROMISED)
            now = time.monotonic()
            print(f"paused: in the status after {known - began:.1f} s, on the page after {now - began:.1f} s",
                  file=sys.stderr)
            self.assertIn("holds back", self.browser.text(".stage.holds"))
            self.browser.until(is_first("stale"), 90)
        finally:
            self.stack.rest(f"/connectors/{name}/resume", method="PUT")
        self.browser.until(is_first("All is well"), 90)
        self.assertEqual(self.browser.text("#held"), "")
        self.assert_silent()

    def test_a_killed_node_is_told_and_the_page_comes_back(self):
        self.open()
        self.stack.kill("node", hold=True)
        took = self.browser.until(is_first("connection to the node is lost"), PROMISED)
        print(f"killed, on the page after {took:.1f} s", file=sys.stderr)
        self.assertIn("lost", self.browser.value("document.body.className"))
        self.stack.door("service", "start", "node")
        self.browser.until(is_first("All is well"), 60)

    def test_a_node_with_open_pages_stops_cleanly(self):
        with self.streams(SEATS):
            self.stack.door("service", "stop", "node")
        self.assertIn("node: stopped", self.stack.log_tail(lines=2))


if __name__ == "__main__":
    running.main()
