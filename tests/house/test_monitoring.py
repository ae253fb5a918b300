#!/usr/bin/env python3
"""Rules and dashboard use only metrics that nodes have, and each rule has an entry in the runbook. Whether
docs/metrics.md is true is tested with the code."""
import json
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
#: Series that Prometheus makes itself.
OWN = {"up"}
METRIC = re.compile(r"\b(?:millrace|process)_\w+")
PARTS = re.compile(r"_(?:bucket|sum|count)$")


def known_metrics(text):
    """Returns the names and types of the table of docs/metrics.md."""
    return dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.MULTILINE))


def unknown(expression, known):
    """Returns the metrics of an expression that no node has. Only histograms have parts."""
    out = []
    for name in METRIC.findall(re.sub(r'"[^"]*"', "", expression)):
        whole = PARTS.sub("", name)
        if name not in known and known.get(whole) != "histogram":
            out.append(name)
    return out


def rules(text):
    """Returns (name, expression, runbook) of each rule."""
    return [(name, re.search(r"^ *expr: (.*)$", body, re.MULTILINE).group(1),
             re.search(r'runbook: "([^"]*)"', body).group(1))
            for name, body in re.findall(r"- alert: (\w+)\n(.*?)(?=- alert:|\Z)", text, re.DOTALL)]


def panels(dashboard):
    """Returns the panels that show something, those within rows too."""
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", [])


class Monitoring(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.known = known_metrics((ROOT / "docs" / "metrics.md").read_text())
        cls.rules = rules((ROOT / "deploy" / "prometheus" / "rules.yaml").read_text())
        cls.dashboard = json.loads((ROOT / "deploy" / "grafana" / "millrace.json").read_text())

    def test_there_is_something_to_check(self):
        self.assertGreater(len(self.known), 40)
        self.assertGreater(len(self.rules), 12)
        self.assertGreater(len(list(panels(self.dashboard))), 15)

    def test_rules_use_metrics_that_exist(self):
        for name, expression, _ in self.rules:
            self.assertEqual(unknown(expression, self.known), [], name)
            self.assertTrue(METRIC.search(expression) or any(own in expression for own in OWN), name)

    def test_the_dashboard_uses_metrics_that_exist(self):
        for panel in panels(self.dashboard):
            self.assertTrue(panel["targets"], panel["title"])
            for target in panel["targets"]:
                self.assertEqual(unknown(target["expr"], self.known), [], panel["title"])

    def test_every_rule_has_its_entry_in_the_runbook_and_none_is_left_over(self):
        runbook = (ROOT / "docs" / "runbook.md").read_text()
        entries = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", runbook, re.MULTILINE | re.DOTALL))
        self.assertEqual([name for name, _, _ in self.rules], list(entries))
        for name, _, link in self.rules:
            self.assertEqual(link, f"docs/runbook.md#{name.lower()}")
            self.assertIn("\n* See: ", entries[name], name)
            self.assertIn("\n* Do: ", entries[name], name)

    def test_a_metric_that_no_node_has_is_found(self):
        known = {"millrace_rows": "gauge", "millrace_lag_seconds": "histogram"}
        self.assertEqual(unknown('millrace_rows{a="millrace_b"} > rate(millrace_lag_seconds_bucket[1m])', known), [])
        self.assertEqual(unknown("millrace_rows_bucket + millrace_row", known),
                         ["millrace_rows_bucket", "millrace_row"])


if __name__ == "__main__":
    unittest.main()
