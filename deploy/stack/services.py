"""The services of a stack, in the order in which they start; they stop in the reverse one."""
from connect import Connect
from generator import Generator
from kafka import Kafka
from node import Node
from postgres import Postgres
from redis import Redis

SERVERS = (Postgres, Redis, Kafka, Connect)
ORDER = SERVERS + (Node, Generator)


def make(settings):
    """Returns the services that this stack runs itself, by name, in starting order. Only the shop has a generator."""
    found = []
    for kind in ORDER:
        if kind is Node:
            found += nodes(settings)
        elif settings.own(kind.name):
            found.append(kind(settings))
    return {service.name: service for service in found}


def nodes(settings):
    """Returns the nodes, the first one first."""
    return [Node(settings, number) for number in range(1, settings.nodes()[0] + 1)]


def kind_of(name):
    """Returns the class of a service, by its name; None for none of ours."""
    kinds = {kind.name: kind for kind in ORDER}
    number = name.removeprefix("node-")
    return kinds.get("node" if number.isdigit() else name)


def in_stopping_order(names):
    """Returns services' names in the order in which they are to stop; a name that isn't ours is left out."""
    known = [name for name in names if kind_of(name)]
    return sorted(known, key=lambda name: (-ORDER.index(kind_of(name)), name))
