"""What `monitor` shows: a function from two looks at a node, and a size, to lines of text. Knows no terminal."""
import dataclasses

from monitor_report import (STAGES, age, by_state, doubts, nodes, not_durable, number, objects, part, per_second,
                            slowest, stages, text, verdict, worst_first)
from monitor_words import columns, count, counted, cut, milliseconds, padded, rate, seconds, shown, size, wrapped

WIDE = 120      #: columns from which figures have the left half to themselves
TALL = 20       #: lines from which each stage has a line of its own
SIGNS = {"good": "✓", "busy": "…", "bad": "✕"}
STATE_ROLES = {"live": "good", "waits": "good", "filling": "busy", "runs": "busy", "stale": "busy",
               "incomplete": "bad", "failed": "bad"}
PHASES = ("firing", "recovering", "pending")
SEVERITIES = ("critical", "warning", "info")
HELP = """Keys
  arrows, PgUp, PgDn, Home, End   scroll the figures
  f                               only figures that aren't live, or all
  ?                               this help, or back
  q, Ctrl-C                       quit

The first line is what `deploy/millrace status` begins with. Rates are
counted between two looks. ▶ marks the stage that holds back the others
(red), or else the one that takes most of the time from commit to Redis.
docs/monitor.md has more. NO_COLOR=1 turns colours off."""


@dataclasses.dataclass
class View:
    """All that a frame depends on. A look is (time in s, the report)."""

    name: str                  #: of the node that is asked
    address: str
    before: tuple = None       #: the look before `now`
    now: tuple = None          #: the last look that the node answered
    clock: float = 0.0         #: Unix time, s
    away: str = ""             #: why the node can't be asked; empty: it answers
    away_for: float = 0.0      #: s
    alerts: list = None        #: as `alerts --json` has them; None: not known
    alerts_why: str = "not asked yet"
    scroll: int = 0            #: figures above the first one that is shown
    only_bad: bool = False     #: only figures that aren't live
    help: bool = False


@dataclasses.dataclass
class Frame:
    """Lines, each a list of (text, role). Roles: good, busy, bad, muted, title, plain."""

    lines: list
    most: int = 0              #: the largest `scroll` that shows something new
    page: int = 1              #: figures that are shown at a time

    def text(self):
        return ["".join(text for text, _ in line).rstrip() for line in self.lines]


@dataclasses.dataclass
class Section:
    title: str
    summary: str
    rows: list
    role: str = "plain"        #: of the summary
    scrolls: bool = False


def frame(view, width=None, height=None):
    """Returns the Frame of a view. Without a size nothing is cut, and everything is shown, for scripts."""
    if view.help:
        return Frame([line_of(width, (x, "plain")) for x in HELP.splitlines()][:height])
    status = view.now[1] if view.now else {}
    head = first_lines(view, status, width, height)
    if not view.now:
        return Frame(with_keys(head, width, height))
    body = [rates(view, status, width), *flow(view, status, width, height)]
    space = None if height is None else max(0, height - len(head) - len(body) - (height > 5))
    listed, most, page = lists(sections(view, status, width), view, width, space)
    body += listed
    if view.away:
        body = [[(text, "muted") for text, _ in line] for line in body]
    return Frame(with_keys(head + body, width, height), most, page)


def line_of(width, *spans):
    """Returns a line of spans, cut to the width."""
    out, left = [], width
    for text, role in spans:
        text = cut(text, left)
        left = None if left is None else left - columns(text)
        out.append((text, role))
        if left == 0:
            break
    return out


def with_keys(lines, width, height):
    """Fills the height, with the keys in the last line where there is room for them."""
    if height is None:
        return lines
    if height <= 5:
        return lines[:height]
    lines = lines[:height - 1]
    keys = "q quit   arrows PgUp PgDn scroll   f only what isn't live   ? help"
    return lines + [[] for _ in range(height - 1 - len(lines))] + [line_of(width, (keys, "muted"))]


def first_lines(view, status, width, height):
    """Returns the verdict, its reason, and the other troubles."""
    if view.away:
        role, others = "bad", []
        what = f"{shown(view.name)} doesn't answer at {view.address}, for {seconds(view.away_for)}"
        why = f"{shown(view.away)}. See deploy/millrace logs {shown(view.name)}"
        why += "" if width is None else ". The monitor keeps trying"
        why += ". What the node said last is shown" if view.now else ""
    elif not view.now:
        role, what, why, others = "busy", f"Waiting for {shown(view.name)} at {view.address}", "", []
    else:
        role, what, why, others = verdict(status, view.clock)
    whole = height is None
    lines = [headline(f"{SIGNS[role]} {what}", role, view, status, width)]
    indent = None if width is None else max(1, width - 2)
    lines += [line_of(width, (f"  {x}", "plain")) for x in wrapped(why, indent, 2 if whole or height >= TALL else 1)]
    room = len(others) if whole else 5 if height >= 40 else 1 if height >= 16 else 0
    if len(others) > room > 0:
        others = [*others[:room - 1], "; ".join(others[room - 1:])]
    return lines + [line_of(width, (f"  also: {x}", "bad")) for x in others[:room]]


def headline(what, role, view, status, width):
    """Returns the first line, with the names at its right end where there is room for them."""
    names = " · ".join(x for x in (text(status, "project"), shown(view.name)) if x)
    if width is None:
        return [(what, role), (f" · {names}", "muted")]
    gap = width - columns(what) - columns(names)
    return line_of(width, (what, role), *([(" " * gap, "plain"), (names, "muted")] if gap >= 3 else []))


def rates(view, status, width):
    """Returns the line with events per second, lag, and what waits."""
    router = part(status, "router")
    lag, own = number(status, "lag_ms"), number(router, "own_lag_ms")
    return line_of(width, (rate(events_per_second(view), "events"), "title"), ("   lag ", "plain"),
                   (milliseconds(lag), "title"), (f" ({milliseconds(own)} after Kafka)   waiting ", "plain"),
                   (f"{size(number(router, 'waiting_bytes'))}, {counted(not_durable(status), 'record')}", "title"))


def events_per_second(view):
    """Returns the rate between the two looks; with one look the node's own."""
    measured = per_second(view.before, view.now, "events")
    return measured if measured == measured else number(view.now[1], "events_per_second")


def flow(view, status, width, height):
    """Returns the stages from PostgreSQL to Redis, the slowest one marked; in a low terminal this one alone."""
    marked = slowest(status)
    if height is not None and height < TALL:
        if not marked:
            return [line_of(width, ("no change has been measured yet", "muted"))]
        stage, why, held = marked
        return [line_of(width, (f"▶ {STAGES[stage]} {'holds back' if held else 'is slowest'}: {why}",
                                "bad" if held else "plain"))]
    writers = [look and (look[0], part(look[1], "writer")) for look in (view.before, view.now)]
    shows = stages(status, events_per_second(view), per_second(*writers, "flushes"), view.clock)
    lines = []
    for stage, name in STAGES.items():
        mark, words, role = "  ", shows[stage], "plain"
        if marked and marked[0] == stage:
            mark, role = "▶ ", "bad" if marked[2] else "title"
            words = [f"{'holds back' if marked[2] else 'slowest'}: {marked[1]}", *words]
        lines.append(line_of(width, (mark + padded(name, 17), role), (" · ".join(words), role)))
    return lines


def sections(view, status, width):
    """Returns the tables, the most important one first."""
    found = [figures(view, status, width)]
    unsure = doubts(status)
    if unsure:
        rows = [[(f"  {table}: ", "plain"), (what, "bad")] for table, what in unsure]
        found.append(Section("Doubts", counted(len(unsure), "table"), rows, "bad"))
    return [*found, alerts(view), batches(view, status, width), served(status)]


def figures(view, status, width):
    every = objects(status, "figures")
    listed = [x for x in worst_first(every) if not view.only_bad or text(x, "state") != "live"]
    names = name_columns(listed, width)
    summary = f"{by_state(every)}; {counted(number(status, 'rows'), 'row')} in memory"
    summary += " (only those that aren't live)" if view.only_bad else ""
    return Section("Figures", summary, [figure(x, view.clock, names) for x in listed], scrolls=True)


def name_columns(items, width):
    """Returns how wide the column of the names is: as the longest, and two fifths of the width at most."""
    longest = max((columns(text(x, "name")) for x in items), default=0)
    return longest if width is None else min(longest, max(8, min(width, WIDE) * 2 // 5))


def figure(x, clock, names):
    state = text(x, "state")
    return [(f"  {padded(text(x, 'name'), names)}  ", "plain"), (padded(state, 10), STATE_ROLES.get(state, "bad")),
            (f"  {padded(age(x, 'since', clock), 7)}  {text(x, 'why')}" if state != "live" else "", "plain")]


def alerts(view):
    """Returns the subjects of alerts; what fires comes first, silenced ones last."""
    if view.alerts is None:
        return Section("Alerts", shown(view.alerts_why), [], "muted")

    def place(x, of, name):
        return of.index(x.get(name)) if x.get(name) in of else len(of)

    listed = sorted(view.alerts, key=lambda x: ("silenced" in x, place(x, PHASES, "state"),
                                                place(x, SEVERITIES, "severity"), text(x, "alert"), text(x, "since")))
    counts = {phase: sum(x.get("state") == phase for x in listed) for phase in PHASES}
    words = [f"{count(counts[phase])} {phase}" for phase in PHASES if counts[phase]]
    return Section("Alerts", ", ".join(words) or "none fires", [alert(x) for x in listed],
                   "bad" if counts["firing"] else "plain")


def alert(x):
    fires = x.get("state") == "firing" and "silenced" not in x
    role = ("bad" if x.get("severity") == "critical" else "busy") if fires else "muted"
    more = ("  silenced" if "silenced" in x else "") + ("  unknown" if x.get("unknown") is True else "")
    return [(f"  {padded(text(x, 'state'), 10)} {padded(text(x, 'severity'), 8)}", role),
            (f"  {text(x, 'alert')} {text(x, 'subject')}  since {text(x, 'since')}{more}", "plain")]


def batches(view, status, width):
    every = objects(part(status, "scheduler"), "batches")
    names = name_columns(every, width)
    return Section("Batches", by_state(every), [batch(x, view.clock, names) for x in worst_first(every)],
                   "bad" if any(x.get("state") == "failed" for x in every) else "plain")


def batch(x, clock, names):
    state, ran, due = text(x, "state"), age(x, "last_success", clock), number(x, "next")
    words = [f"ran {ran} ago" if ran else "never ran"]
    if ran:
        words += [f"took {milliseconds(number(x, 'took_ms'))}", counted(number(x, "rows"), "row")]
    if due > 0:
        words.append(f"next in {seconds(due - clock)}" if due > clock else "due now")
    if number(x, "missed") > 0:
        words.append(f"missed {count(number(x, 'missed'))}")
    words += [text(x, "why")] if text(x, "why") else []
    return [(f"  {padded(text(x, 'name'), names)}  ", "plain"), (padded(state, 7), STATE_ROLES.get(state, "bad")),
            (f"  {', '.join(words)}", "plain")]


def served(status):
    """Returns the nodes that share the work."""
    known, unserved = nodes(status), number(part(status, "cluster"), "unserved_cells")
    leads = part(status, "cluster").get("leads") is True
    summary = counted(len(known), "node") + (f"; {known[0][0]} leads" if leads else "")
    rows = [[(f"  {name}  {shards} {'shard' if shards == '1' else 'shards'}  ", "plain"),
             (trouble or "serves", "bad" if trouble else "good")] for name, shards, trouble in known]
    if unserved > 0:
        return Section("Nodes", f"{summary}; {counted(unserved, 'cell')} without a node", rows, "bad")
    return Section("Nodes", summary, rows)


def lists(found, view, width, space):
    """Returns (lines, most, page) of the sections: in a wide terminal figures have the left half."""
    if width is None:
        return [line for x in found for line in fill(x, len(x.rows) + 1, None, 0)], 0, 1
    if width < WIDE:
        given = shares(found, space)
        most, page = reach(found[0], given[0])
        top = min(view.scroll, most)
        return [line for x, n in zip(found, given) for line in fill(x, n, width, top if x.scrolls else 0)], most, page
    half = (width - 2) // 2
    most, page = reach(found[0], space)
    left = fill(found[0], space, half, min(view.scroll, most))
    right = [line for x, n in zip(found[1:], shares(found[1:], space)) for line in fill(x, n, width - half - 2, 0)]
    return [side_by_side(left, right, i, half) for i in range(max(len(left), len(right)))], most, page


def side_by_side(left, right, i, half):
    spans = left[i] if i < len(left) else []
    gap = half + 2 - sum(columns(text) for text, _ in spans)
    return [*spans, (" " * gap, "plain"), *(right[i] if i < len(right) else [])]


def reach(section, lines):
    """Returns the largest scroll of a section that has so many lines, and its rows at a time."""
    page = max(0, lines - 1)
    return max(0, len(section.rows) - page) if page else 0, max(1, page)


def shares(found, space):
    """Returns how many lines each section gets: first its heading, then one row each in turn; figures get two."""
    given = [0] * len(found)

    def give(i, wanted):
        nonlocal space
        more = max(0, min(wanted, space, len(found[i].rows) + 1 - given[i]))
        given[i] += more
        space -= more
        return more

    for i in range(len(found)):
        give(i, 1)
    while sum([give(i, 2 if x.scrolls else 1) for i, x in enumerate(found)]):
        pass
    return given


def fill(section, lines, width, scroll):
    """Returns so many lines of a section: a heading, which says what isn't shown, and rows."""
    if lines <= 0:
        return []
    rows = section.rows[scroll:scroll + lines - 1]
    hidden = len(section.rows) - len(rows)
    said = ""
    if hidden and section.scrolls:
        said = f"  {scroll + 1}-{scroll + len(rows)} of {len(section.rows)}" if rows else ""
    elif hidden:
        said = f"  {hidden} more" if rows else ""
    heading = line_of(width, (section.title, "title"), (f"  {section.summary}", section.role), (said, "muted"))
    return [heading, *(line_of(width, *row) for row in rows)]
