"""What a person is told while something goes on, and where logs are found."""
import contextlib
import io
import unittest
import unittest.mock

import support  # before the stack's own modules: it makes them importable

import live
import main
import progress
from service import ServiceError


class Logs(support.StackTest):
    def write(self, folder, name):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.log").write_text(f"of {folder}\n")
        return folder / f"{name}.log"

    def test_a_log_that_is_there_is_found_and_a_missing_one_says_which_there_are(self):
        found = self.resolve()
        node, redis = (self.write(found.home.logs, name) for name in ("node", "redis"))
        self.assertEqual(main.logs_of(found, "node"), [node])
        self.assertEqual(main.logs_of(found, None), [node, redis])
        with self.assertRaisesRegex(ServiceError, "no log of kafka under .*; there are: node, redis"):
            main.logs_of(found, "kafka")

    def test_a_project_finds_the_logs_of_servers_that_it_shares_with_the_shop(self):
        folder = self.folder / "project"
        folder.mkdir()
        (folder / "millrace.env").write_text("MILLRACE_PROJECT=one\nKAFKA_BROKER=127.0.0.1:15403\n")
        project = main.settings_module.resolve({}, project=folder)
        own, shared = self.write(project.home.logs, "node"), self.write(self.home.logs, "kafka")
        with unittest.mock.patch.dict("os.environ",
                                      {"MILLRACE_HOME": str(self.home.root), "MILLRACE_CONFIG": str(self.config)}):
            self.assertEqual(main.logs_of(project, "kafka"), [shared])
            self.assertEqual(main.logs_of(project, "node"), [own])
            with self.assertRaisesRegex(ServiceError,
                                        "no log of redis under .*project/.millrace/logs; there are: node"):
                main.logs_of(project, "redis")


class Waits(support.StackTest):
    def said(self, wait, text):
        out = io.StringIO()
        with contextlib.redirect_stderr(out):
            wait.show(text)
        return out.getvalue()

    def test_a_wait_is_told_twice_a_minute_with_what_to_do_if_it_stays(self):
        wait = progress.Waiting("see the log")
        self.assertEqual(self.said(wait, "starting Redis"), "")
        wait.began -= 31
        wait.said -= 31
        self.assertEqual(self.said(wait, "starting Redis"), "starting Redis ... 31 s. If it stays: see the log\n")
        self.assertEqual(self.said(wait, "starting Redis"), "")

    def test_the_nodes_worst_trouble_is_shown(self):
        status = {
            "figures": [{"name": "a", "state": "stale"}],
            "troubles": [{"line": "the figure a is stale, for 40 s: the connector is PAUSED"}, {"line": "b"}]
        }
        self.assertEqual(live.worst(status), "the figure a is stale, for 40 s: the connector is PAUSED")
        self.assertEqual([live.worst(None), live.worst({})], ["the node starts", "nothing is wrong"])

    def test_a_project_without_figures_says_where_to_write_some(self):
        self.assertIn("has no *.sql; write some there, and run deploy/millrace apply", live.no_figures(self.resolve()))


if __name__ == "__main__":
    unittest.main()
