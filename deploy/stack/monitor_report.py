"""What a node's report means: the first line, the slowest stage, what each stage and table shows. The same as the live
page (nodes/page/judge.js, flow.js, shards.js, lists.js); a report is another program's word, so each part is taken
only if it has the expected type."""
import math

from monitor_words import capital, count, counted, milliseconds, rate, seconds, shown, size

STATES = ("failed", "incomplete", "stale", "filling", "live")  #: worst first
STAGES = {"postgres": "PostgreSQL", "debezium": "Debezium, Kafka", "router": "Router", "cells": "Cells",
          "redis": "Redis"}
SHARDS = 32
LATE_MS = 2000     #: from commit to Redis
PAUSE_MS = 250     #: the writer's longest wait: flushes then take as long


def part(of, *names):
    """Returns an object of the report, {} where there is none."""
    for name in names:
        of = of.get(name) if isinstance(of, dict) else None
    return of if isinstance(of, dict) else {}


def objects(of, name):
    """Returns the objects of a list of the report."""
    found = of.get(name)
    return [x for x in found if isinstance(x, dict)] if isinstance(found, list) else []


def number(of, name):
    """Returns a number of the report, NaN where there is none."""
    found = of.get(name)
    return float(found) if isinstance(found, (int, float)) and abs(found) < 1e300 else math.nan


def text(of, name):
    """Returns a text of the report, safe to show."""
    found = of.get(name)
    return shown(found) if isinstance(found, str) else ""


def is_more(x, than):
    return math.isfinite(x) and x > than


def age(of, name, clock):
    """Returns how long ago that was, in words; empty if the report doesn't say."""
    at = number(of, name)
    return seconds(clock - at) if is_more(at, 0) else ""


def verdict(status, clock):
    """Returns (role, what, why, others): the first line, its reason, and the other troubles in a line each. Roles:
    good, busy, bad."""
    figures, batches = objects(status, "figures"), objects(part(status, "scheduler"), "batches")
    troubles = objects(status, "troubles")
    if troubles:
        worst, lines = troubles[0], []
        for x in troubles:
            lasted = age(x, "since", clock)
            lines.append(capital(text(x, "what")) + (f", for {lasted}" if lasted else ""))
        mild = worst.get("id") == "figures are filling" or status.get("phase") == "starting"
        why = text(worst, "why")
        return "busy" if mild else "bad", lines[0], "" if why == text(worst, "what") else capital(why), lines[1:]
    if not figures and not batches:
        return "busy", "There are no figures", "Write some, and run deploy/millrace apply", []
    return "good", f"All is well: {counted(len(figures) + len(batches), 'figure is', 'figures are')} live", "", []


def holds_back(status):
    """Returns (stage, why): which stage holds back the others, by its cause; None where none does."""
    around, writer = part(status, "cluster", "surroundings"), part(status, "writer")
    connector, slot = part(around, "connector"), part(around, "slot")
    stopped = [x for x in (text(connector, "state"), text(connector, "task")) if x and x != "RUNNING"]
    unserved = number(part(status, "cluster"), "unserved_cells")
    causes = (("redis", text(part(writer, "trouble"), "what")), ("postgres", text(slot, "trouble")),
              ("postgres", text(around, "encoding")),
              ("debezium", f"Kafka: {text(part(around, 'kafka'), 'trouble')}" if part(around, "kafka") else ""),
              ("debezium", f"the connector is {stopped[0].lower()}" if stopped else ""),
              ("postgres", "the replication slot is absent" if slot.get("exists") is False else ""),
              ("cells", f"{counted(unserved, 'cell')} without a node" if is_more(unserved, 0) else ""))
    return next((cause for cause in causes if cause[1]), None) or late(status, part(status, "router"), writer)


def late(status, router, writer):
    """The same where everything runs, and something is too slow."""
    paused = sum(x.get("paused") is True for x in objects(router, "sources"))
    flushing = writer.get("busy") is True and is_more(number(writer, "interval_ms"), PAUSE_MS - 1)
    stage = "redis" if flushing else "cells"
    why = ("flushes take longer than changes arrive"
           if flushing else f"{size(number(router, 'waiting_bytes'))} wait")
    lag, own = number(status, "lag_ms"), number(router, "own_lag_ms")
    if paused:
        return stage, f"{why}; {counted(paused, 'partition')} paused"
    if not is_more(number(status, "events_per_second"), 0) or not is_more(lag, LATE_MS):
        return None
    if is_more(own, lag / 2):
        return stage, why
    return "debezium", f"records arrive {milliseconds(lag - own)} after their commit"


def slowest(status):
    """Returns (stage, why, whether it holds back): where nothing does, the stage with most of the last change's lag.
    None before the first change."""
    held = holds_back(status)
    if held:
        return *held, True
    lag, own = number(status, "lag_ms"), number(part(status, "router"), "own_lag_ms")
    if not is_more(lag, 0) or not math.isfinite(own):
        return None
    stage, its = ("cells", own) if own > lag / 2 else ("debezium", lag - own)
    return stage, f"{milliseconds(its)} of {milliseconds(lag)}", False


def not_durable(status):
    """Returns the number of records that are read and not yet durable."""
    ahead = (number(x, "read") - number(x, "durable") for x in objects(part(status, "router"), "sources"))
    return sum(x for x in ahead if is_more(x, 0))


def stages(status, events, flushes, clock):
    """Returns what each stage shows. `events`, `flushes`: per second."""
    around, router = part(status, "cluster", "surroundings"), part(status, "router")
    slot, connector = part(around, "slot"), part(around, "connector")
    sources, shards = objects(router, "sources"), part(status, "member").get("shards")
    paused = sum(x.get("paused") is True for x in sources)
    restarts, flushed = number(connector, "restarts"), age(status, "last_flush", clock)
    state = f"connector {text(connector, 'state').lower()}" if connector else "connector not asked here"
    return {
        "postgres": [
            "slot not asked here" if "exists" not in slot else
            "slot is read" if slot.get("active") is True else "slot isn't read",
            f"{size(number(slot, 'retained_wal_bytes'))} of WAL kept"
        ],
        "debezium": ["Kafka is away" if part(around, "kafka") else state,
                     *([counted(restarts, "restart")] if is_more(restarts, 0) else []), rate(events, "events")],
        "router": [counted(len(sources), "partition"), *([f"{paused} paused: no credit"] if paused else []),
                   f"{size(number(router, 'waiting_bytes'))} sent and waiting"],
        "cells": [counted(number(status, "rows"), "row"),
                  f"{counted(len(shards) if isinstance(shards, list) else 0, 'shard')} here",
                  f"{counted(not_durable(status), 'record')} not durable"],
        "redis": [rate(flushes, "flushes"), f"last one {flushed} ago" if flushed else "none yet"],
    }


def nodes(status):
    """Returns (name, shards, cells, trouble) of each node that this one knows, itself first. A node knows its own
    shards, and of the others how many cells they serve: their shards are computed from that."""
    member = part(status, "member")
    own = len(member["shards"]) if isinstance(member.get("shards"), list) else 0
    others = {name: x for name, x in part(member, "nodes").items()
              if isinstance(x, dict) and name != member.get("name")}
    cells = sum(number(x, "cells") for x in others.values() if is_more(number(x, "cells"), 0))
    rows = [(text(member, "name") or "this node", str(own), text(member, "trouble"))]
    for name, x in others.items():
        served = number(x, "cells")
        share = round(served * (SHARDS - own) / cells) if cells and is_more(served, 0) else 0
        rows.append((shown(name), f"about {share}" if share else "0", text(x, "trouble")))
    return rows


def doubts(status):
    """Returns (table, what) of open dead letters, doubts, and tables that can't be read."""
    around, found = part(status, "cluster", "surroundings"), []
    letters = part(around, "open_dead_letters")
    found += [(shown(table),
               f"{counted(number(letters, table), 'open dead letter')}: deploy/millrace dead-letters list")
              for table in letters]
    found += [(shown(table), f"{text(x, 'reason')}: {text(x, 'remedy')}")
              for table, x in part(around, "doubts").items() if isinstance(x, dict)]
    unreadable = part(status, "cluster", "unreadable")
    found += [(shown(table), text(unreadable, table)) for table in unreadable]
    return found


def by_state(figures):
    """Returns "18 live, 1 stale" of figures or batch figures, the best first."""
    counts = {}
    for x in figures:
        counts[text(x, "state")] = counts.get(text(x, "state"), 0) + 1
    order = [*reversed(STATES), *sorted(set(counts) - set(STATES))]
    return ", ".join(f"{count(counts[state])} {state}" for state in order if state in counts) or "none"


def worst_first(figures):
    order = {state: i for i, state in enumerate(STATES)}
    return sorted(figures, key=lambda x: (order.get(text(x, "state"), -1), text(x, "name")))


def per_second(before, now, name):
    """Returns how fast a count grew between two looks, each (time in s, report); NaN if it can't be told, as after a
    restart of the node."""
    if not before or not now or now[0] <= before[0]:
        return math.nan
    grown = number(now[1], name) - number(before[1], name)
    return grown / (now[0] - before[0]) if grown >= 0 else math.nan
