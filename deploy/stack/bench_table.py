"""What `bench` measured, for people: tables on the terminal, and the same in docs/bench.md."""
import textwrap

import build

#: The document that has the tables, and the columns at which its lines wrap.
DOCUMENT = build.REPOSITORY / "docs" / "bench.md"
WIDTH = 100
#: Where the document has the tables, by what was measured.
MARKS = {what: (f"<!-- bench {what}: begin -->", f"<!-- bench {what}: end -->") for what in ("speed", "scale")}
TITLES = {
    "count": "librdkafka alone, counting", "decode": "reading and decoding",
    "pipeline": "Millrace, from an empty Redis", "catch-up": "Millrace, live figures catching up"
}


def rows(lines):
    """Returns the table's rows, as HEAD has their columns. CPU seconds per million events are µs per event."""
    out = []
    for line in lines:
        if "events_per_second" not in line or line["step"] in ("scale", "exchange"):
            continue
        title = TITLES.get(line["step"], line.get("peer", line["step"]))
        per_million = line.get("cpu_seconds_per_million") or {"node": line["cpu_seconds"] / line["records"] * 1e6}
        cpu = [f"{per_million[name]:.1f}" if name in per_million else "" for name in ("node", "redis", "kafka")]
        out.append((title, f"{line['events_per_second']:,.0f}", *cpu, f"{line['peak_rss_mib']:,}",
                    {True: "yes", False: "NO"}.get(line.get("correct"), "")))
    return out


def latency_rows(lines):
    def ms(x):
        return "" if x is None else f"{x:.0f}"

    return [(f"{line['rate']:,}", ms(line["p50_ms"]), ms(line["p99_ms"]), ms(line["max_ms"]))
            for line in lines
            if line["step"] == "latency"]


def load_rows(lines):
    return [(f"{line['rows']:,}", f"{line['rows_per_second']:,.0f}", f"{line['rss_bytes_per_row']:.0f}")
            for line in lines
            if line["step"] == "load"]


def scale_rows(lines):
    def title(line):
        if line["step"] == "scale":
            return f"{line['nodes']} x {line['cores_each']} core"
        return f"all shards {line['shards']}"

    return [(title(line), f"{line['events_per_second']:,.0f}" if line["step"] == "scale" else "",
             f"{line['cpu_us_per_event']:.1f}",
             f"{line['times_one']:.2f} x the events/s" if line["step"] == "scale"
             else f"{line['cpu_times_local']:.2f} x the CPU",
             {True: "yes", False: "NO"}[line["correct"]])
            for line in lines
            if line["step"] in ("scale", "exchange")]


def hand_over_rows(lines):
    return [("nothing moves" if not line["moves"] else f"a fourth one comes and goes, {line['moves'] // 2} times",
             f"{line['rate']:,}", f"{line['p50_ms']:.0f}", f"{line['p99_ms']:.0f}", f"{line['max_ms']:.0f}")
            for line in lines
            if line["step"] == "hand-over"]


HEAD = ("", "events/s", "CPU, µs/event", "Redis CPU, µs/event", "Kafka CPU, µs/event", "peak memory, MiB", "equals SQL")
LATENCY_HEAD = ("events/s", "p50, ms", "p99, ms", "max, ms")
LOAD_HEAD = ("rows loaded from Redis", "rows/s", "memory of the whole process, bytes/row")
SCALE_HEAD = ("nodes", "events/s", "CPU, µs/event", "ratio (median of the rounds' ratios)", "equals SQL")
HAND_OVER_HEAD = ("three nodes", *LATENCY_HEAD)
TABLES = ((HEAD, rows), (LATENCY_HEAD, latency_rows), (LOAD_HEAD, load_rows), (SCALE_HEAD, scale_rows),
          (HAND_OVER_HEAD, hand_over_rows))


def text(lines):
    """Returns the tables with columns in line."""
    parts = []
    for head, body in ((head, of(lines)) for head, of in TABLES):
        if body:
            widths = [max(len(row[i]) for row in [head, *body]) for i in range(len(head))]
            parts.append("\n".join("  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths)))
                                   for row in [head, *body]))
    return "\n\n".join(parts)


def markdown(lines):
    facts = lines[0]
    versions = ", ".join(f"{name.capitalize()} {version}" for name, version in facts["versions"].items())
    where = (f"{facts['date']}, commit {facts['commit']}, {facts['cores']} cores of {facts['processor']} with "
             f"everything on them, {versions}:")
    parts = [textwrap.fill(where, WIDTH, break_long_words=False, break_on_hyphens=False)]
    for head, body in ((head, of(lines)) for head, of in TABLES):
        if body:
            table = ["| " + " | ".join(row) + " |" for row in [head, *body]]
            table.insert(1, "|---" * len(head) + "|")
            parts.append("\n".join(table))
    return "\n\n".join(parts)


def into_document(lines, what, path=None):
    """Replaces the text between the marks."""
    path, (begin, end) = path or DOCUMENT, MARKS[what]
    before, _, rest = path.read_text().partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n{markdown(lines)}\n{end}{after}")
