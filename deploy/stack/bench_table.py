"""What `bench` measured, for people: a table on the terminal, and the same in the README."""
import build

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
TITLES = {"count": "librdkafka alone, counting", "decode": "reading and decoding", "pipeline": "Millrace, from an empty Redis",
          "catch-up": "Millrace, live figures catching up"}


def rows(lines):
    """Returns the table's rows: (what, events/s, CPU of the program, of Redis, of Kafka, memory)."""
    out = []
    for line in lines:
        if "events_per_second" not in line:
            continue
        title = TITLES.get(line["step"], line.get("peer", line["step"]))
        per_million = line.get("cpu_seconds_per_million") or {"node": line["cpu_seconds"] / line["records"] * 1e6}
        cpu = [f"{per_million[name]:.1f}" if name in per_million else "" for name in ("node", "redis", "kafka")]
        out.append((title, f"{line['events_per_second']:,.0f}", *cpu, f"{line['peak_rss_mib']:,}", {True: "yes", False: "NO"}.get(line.get("correct"), "")))
    return out


def latency_rows(lines):
    def ms(x):
        return "" if x is None else f"{x:.0f}"
    return [(f"{line['rate']:,}", ms(line["p50_ms"]), ms(line["p99_ms"]), ms(line["max_ms"])) for line in lines if line["step"] == "latency"]


HEAD = ("", "events/s", "CPU s per million", "Redis", "Kafka", "MiB", "equals SQL")
LATENCY_HEAD = ("events/s", "p50 ms", "p99 ms", "max ms")


def text(lines):
    """Returns the tables with columns in line."""
    parts = []
    for head, body in ((HEAD, rows(lines)), (LATENCY_HEAD, latency_rows(lines))):
        if body:
            widths = [max(len(row[i]) for row in [head, *body]) for i in range(len(head))]
            parts.append("\n".join("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths)))
                                   for row in [head, *body]))
    return "\n\n".join(parts)


def markdown(lines):
    facts = lines[0]
    versions = ", ".join(f"{name.capitalize()} {version}" for name, version in facts["versions"].items())
    parts = [f"{facts['date']}, commit {facts['commit']}, {facts['cores']} cores of {facts['processor']} with everything on them, {versions}:"]
    for head, body in ((HEAD, rows(lines)), (LATENCY_HEAD, latency_rows(lines))):
        if body:
            table = ["| " + " | ".join(row) + " |" for row in [head, *body]]
            table.insert(1, "|---" * len(head) + "|")
            parts.append("\n".join(table))
    return "\n\n".join(parts)


def into_readme(lines):
    """Replaces what stands between the marks."""
    path = build.REPOSITORY / "README.md"
    before, _, rest = path.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{markdown(lines)}\n{END}{after}")
