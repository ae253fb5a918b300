"""The services of a stack, in the order in which they start; they stop in the reverse one."""
from connect import Connect
from generator import Generator
from kafka import Kafka
from node import Node
from postgres import Postgres
from redis import Redis

SERVERS = (Postgres, Redis, Kafka, Connect)
ORDER = SERVERS + (Node, Generator)
NAMES = tuple(service.name for service in ORDER)


def make(settings):
    """Returns the services that this stack runs itself, by name, in starting order. Only the shop has a generator."""
    return {service.name: service(settings) for service in ORDER if settings.own(service.name)}
