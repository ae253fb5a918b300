"""`nodes`: how many share the work on this machine."""
import json

import control
import progress
import service
import services
import up
from settings import Settings
from visible import visible


def run(settings, action, as_json):
    settings = as_it_runs(settings)
    {"list": lambda: show(settings, as_json), "add": lambda: add(settings),
     "remove": lambda: remove(settings)}[action]()


def as_it_runs(settings):
    """Returns the settings with the number of nodes that the supervisor knows: some may have been added to those that
    were asked for."""
    names = [
        name for name in control.ask(settings.home, "status")["services"] if services.kind_of(name) is services.Node
    ]
    return with_number(settings, len(names)) if len(names) > 1 else settings


def with_number(settings, number):
    return Settings({**settings.values, "MILLRACE_NODES": str(number)}, settings.given | {"MILLRACE_NODES"},
                    settings.home)


def table(settings):
    """Returns what is known of each node: name, state, pid, and its own word on shards and sources."""
    records = control.ask(settings.home, "status")["services"]
    rows = []
    for node in services.nodes(settings):
        record = records.get(node.name, {})
        member = (service.http_json(node.url("/status"), 5) or {}).get("member", {})
        rows.append({
            "name": node.name, "state": record.get("state", "stopped"), "pid": record.get("pid"),
            "address": member.get("address", ""), "shards": len(member.get("shards",
                                                                           [])), "sources": member.get("sources", 0)
        })
    return rows


def show(settings, as_json):
    rows = table(settings)
    if as_json:
        print(json.dumps(rows))
        return
    print(f"{'node':<10}{'state':<10}{'pid':<9}{'address':<22}{'shards':<8}sources")
    for row in rows:
        print(f"{row['name']:<10}{row['state']:<10}{row['pid'] or '':<9}{visible(row['address']) or 'alone':<22}"
              f"{row['shards']:<8}{row['sources']}")


def configure(settings, number):
    """Tells the supervisor of this many nodes; returns the settings that say so."""
    changed = with_number(settings, number)
    control.ask(settings.home, "configure", values=changed.values, given=sorted(changed.given))
    return changed


def add(settings):
    """Starts one more; a node that was alone is started again, to find the others."""
    changed = configure(settings, settings.nodes()[0] + 1)
    up.run(changed, services.nodes(changed), [])
    progress.say(f"{services.nodes(changed)[-1].name} has joined")


def remove(settings):
    """Stops the newest cleanly: it flushes, leaves, and the others take its work."""
    number = settings.nodes()[0]
    if number < 2:
        raise control.ControlError(
            "one node is left: `deploy/millrace down` stops it" if number else "no node runs here")
    name = services.nodes(settings)[-1].name
    control.ask(settings.home, "stop", name=name, seconds=90)
    configure(settings, number - 1)
    progress.say(f"{name} has left")
