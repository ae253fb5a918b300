"""What `up` shows while it runs: the fill, then one line of the stream, from the node's /status."""
import json
import shlex
import time

import disk
import progress
from down import stop
from service import ask_connect, http_json
from visible import visible


def figures_by_state(status):
    counts = {}
    for figure in (status or {}).get("figures", []):
        counts[figure["state"]] = counts.get(figure["state"], 0) + 1
    return counts


def in_words(counts):
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "none"


def slot_is_read(status):
    """Whether the node sees the replication slot: a new connector makes it some seconds after its registration."""
    around = status.get("cluster", {}).get("surroundings") or {}
    return not around.get("slot", {}).get("trouble")


def wait_until_filled(settings, node, error_type):
    """Waits until no figure is filling, every shard is served, and the slot is there. Raises `error_type` where nothing
    moves for MILLRACE_FILL_SECONDS."""
    moved, seen = time.monotonic(), None
    wait = progress.Waiting(
        "deploy/millrace status has the reason in its first line, deploy/millrace logs node the details")
    while True:
        status = http_json(node.url("/status"), 2.0)
        counts = figures_by_state(status)
        unserved = (status or {}).get("cluster", {}).get("unserved_cells", 0)
        if status is not None and not counts.get("filling") and not unserved and slot_is_read(status):
            break
        now = time.monotonic()
        picture = json.dumps([(status or {}).get("figures"), unserved])
        seen, moved = (picture, now) if picture != seen else (seen, moved)
        if now - moved > settings.number("MILLRACE_FILL_SECONDS"):
            if unserved:
                raise error_type(
                    f"{unserved} cells are served by no node; see deploy/millrace nodes list, and the nodes' logs")
            raise error_type(f"the figures don't fill: {worst(status)}. " + connector_trouble(settings))
        wait.show(f"filling the figures: {worst(status)}")
        time.sleep(0.1)
    progress.say(f"figures: {in_words(counts)} ({wait.seconds():.1f} s)" if counts else no_figures(settings))


def no_figures(settings):
    option = f" --project {shlex.quote(str(settings.project()))}" if settings.project() else ""
    return (f"figures: none, as {settings['MILLRACE_FIGURES']} has no *.sql; write some there, and run "
            f"deploy/millrace apply{option}")


def worst(status):
    """Returns the worst that the node knows of, in words, with its age."""
    troubles = (status or {}).get("troubles", [])
    return visible(troubles[0]["line"]) if troubles else "the node starts" if status is None else "nothing is wrong"


def connector_trouble(settings):
    """Returns what Kafka Connect says about the project's connector."""
    code, status = ask_connect(settings, f"/connectors/millrace-{settings['MILLRACE_PROJECT']}/status", 2.0)
    if code == 401:
        return "Kafka Connect rejects the login; check CONNECT_USER and CONNECT_PASSWORD"
    if code != 200 or status is None:
        return "Kafka Connect has no such connector; see deploy/millrace logs connect"
    failed = [part for part in [status.get("connector", {}), *status.get("tasks", [])] if part.get("state") == "FAILED"]
    if not failed:
        return "The connector runs; see deploy/millrace logs node"
    return "The connector has FAILED: " + visible(failed[0].get("trace", "").strip().partition("\n")[0])


def line(settings, node, status):
    if status is None:
        return f"the node doesn't answer at {node.url('/status')}; see deploy/millrace logs node"
    trouble = f" · {worst(status)}" if status.get("troubles") else ""
    return (
        f"{status.get('events_per_second', 0):,.0f} events/s · lag {status.get('lag_ms', 0):,.0f} ms · figures: "
        f"{in_words(figures_by_state(status))}{trouble}"
        f" · {node.url('/status')} · Ctrl-C stops")


def watch(settings, services):
    """Shows the live line until Ctrl-C, then stops everything cleanly. Returns the exit code."""
    node, said = services["node"], 0.0
    try:
        while True:
            text = disk.warning(settings) or line(settings, node, http_json(node.url("/status"), 2.0))
            progress.show(text)
            if not progress.on_terminal() and time.monotonic() - said > 30:
                said = time.monotonic()
                progress.say(text)
            time.sleep(1.0)
    except KeyboardInterrupt:
        progress.say("")
        stop(settings.home)
        return 0
