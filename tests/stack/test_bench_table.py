"""The benchmark's tables: units in their heads, and their way into docs/bench.md."""
import re
import unittest

import support  # before the stack's own modules: it makes them importable

import bench_table

FACTS = {
    "step": "facts", "date": "2026-01-02", "commit": "abc1234", "cores": 2,
    "processor": "a processor with quite a long name", "versions": {"kafka": "4.2.2", "debezium": "3.6.3.Final"}
}
SCALE = {
    "step": "scale", "nodes": 2, "cores_each": 0.2, "events_per_second": 39289.4, "cpu_us_per_event": 9.61,
    "times_one": 1.789, "correct": True
}
LATENCY = {"step": "latency", "rate": 1000, "p50_ms": 10.2, "p99_ms": 76.1, "max_ms": 127.0}


class BenchTable(support.StackTest):
    def test_every_head_of_a_measured_column_has_a_unit(self):
        for head, _ in bench_table.TABLES:
            for column in head[1:]:
                self.assertRegex(column, r"/s$|, (µs/event|MiB|ms|bytes/row)$|^ratio |^equals SQL$")

    def test_the_tables_replace_the_text_between_the_marks(self):
        page = self.folder / "page.md"
        begin, end = bench_table.MARKS["scale"]
        page.write_text(f"before\n{begin}\nold\n{end}\nafter\n")
        bench_table.into_document([FACTS, SCALE, LATENCY], "scale", page)
        text = page.read_text()
        self.assertTrue(text.startswith(f"before\n{begin}\n2026-01-02, commit abc1234"))
        self.assertTrue(text.endswith(f"|\n{end}\nafter\n"))
        self.assertIn("| 2 x 0.2 core | 39,289 | 9.6 | 1.79 x the events/s | yes |", text)
        self.assertIn("| 1,000 | 10 | 76 | 127 |", text)
        self.assertNotIn("old", text)

    def test_lines_of_prose_wrap_at_the_documents_width(self):
        lines = [line for line in bench_table.markdown([FACTS, SCALE]).splitlines() if not line.startswith("|")]
        self.assertLessEqual(max(map(len, lines)), bench_table.WIDTH)

    def test_the_document_has_the_marks_once_and_the_programs_heads(self):
        text = bench_table.DOCUMENT.read_text()
        for mark in sum(bench_table.MARKS.values(), ()):
            self.assertEqual(text.count(mark), 1, mark)
        heads = {"| " + " | ".join(head) + " |" for head, _ in bench_table.TABLES}
        for head in re.findall(r"(.*)\n\|---", text):
            self.assertIn(head, heads)


if __name__ == "__main__":
    unittest.main()
