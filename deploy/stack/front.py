"""Verbs of our own binary that go through the front door: they get this stack's settings as their environment."""
import contextlib
import os
import pathlib
import subprocess

import build
import certificates
import connector
import control
import install
import processes
import services
import up
from postgres import Postgres
from service import ServiceError

#: What may be asked of the binary here, and what each is for.
VERBS = {
    "status": "the worst problem, every service and node, the connector, the WAL kept, lag, figures",
    "verify": "compare every figure in Redis with its own query on PostgreSQL",
    "check": "each figure's plan and memory per row, or why it is refused; needs only PostgreSQL",
    "plan": "compare the figure files with the running figures",
    "apply": "change the running figures to what their files say, without a stop",
    "resync": "read tables again whose rows may have changed without records; figures stay shown",
    "refill": "delete figures' places and fill them again, while the others continue",
    "rebuild": "delete all figures; the node fills them from the start",
    "dead-letters": "list, show, replay or resolve the records that could not be decoded",
    "alerts": "list what is pending, firing or recovering; silence alerts",
    "init": "read a database's catalog, and write a project folder: settings, example figures, the missing SQL",
    "servers": "log in to every server, and name the setting to check if one rejects the login",
    "prepare": "print the SQL that a database lacks for the figures",
    "remove": "list what a project has in every server, and with --yes delete it",
    "connector": "register, show, restart or delete the connector",
    "generate": "write rows of the shop",
    "shell": "ask all nodes of the cluster, by commands: nodes, shards, sources, figures, rows ...",
}


def run(settings, verb, arguments):
    """Runs a verb of the binary with the caller's arguments, in the caller's folder. Returns its exit code, if it
    returns at all."""
    binary = build.binary()
    environment = settings.child_environment(refers=verb not in ("prepare", "remove"))  # which log in as Debezium
    if not {"-h", "--help"} & set(arguments):
        arguments = arguments + more_arguments(settings, verb, arguments)
    if verb == "init":
        keep_our_logins(settings, arguments, environment)
    if verb == "check" and not {"-h", "--help"} & set(arguments):
        with database(settings):
            return subprocess.run([binary, verb, *arguments], env=environment).returncode
    if verb == "status":
        up.say_if_scarce(settings)
    if verb == "shell":
        environment.update(certificate_of_shell(settings))
    if verb == "connector":
        return connector_verb(settings, binary, arguments, environment)
    os.execve(binary, ["millrace", verb, *arguments], environment)


def certificate_of_shell(settings):
    """Returns what the shell shows to nodes that have certificates of one folder: its own certificate, if `certs DIR
    --nodes shell` made one, else the first node's."""
    folder = settings.node_certificates()
    if not folder:
        return {}
    own = (folder / "shell.crt").is_file()
    return certificates.files_of(folder, "shell" if own else "node")


def keep_our_logins(settings, arguments, environment):
    """Takes the logins of our own servers out of what `init` is told, where the project has another server or starts
    its own."""
    taken = "--these-servers" in arguments
    for server, option, names in (("kafka", "--brokers", ("KAFKA_PROPERTIES_FILE", )),
                                  ("connect", "--connect", ("CONNECT_USER", "CONNECT_PASSWORD"))):
        if not taken or any(word.partition("=")[0] == option for word in arguments):
            for name in names if settings.login_is_ours(server) else ():
                environment.pop(name, None)


def connector_verb(settings, binary, arguments, environment):
    """`connector`: one that is deleted on purpose stays away until it is registered."""
    if "delete" in arguments:
        connector.expected(settings.home, False)
    done = subprocess.run([binary, "connector", *arguments], env=environment)
    if "register" in arguments and done.returncode == 0:
        connector.expected(settings.home, True)
    return done.returncode


def change(settings, verb, arguments):
    """`plan` and `apply`: with the figures that are named; from an `apply` on, a running stack uses them."""
    binary = build.binary()
    help_wanted = {"-h", "--help"} & set(arguments)
    applies = verb == "apply" and "--dry-run" not in arguments and not help_wanted
    if applies and (settings.home.root / "bin" / "millrace").is_file():
        up.prepare_database(settings)
    done = subprocess.run([binary, verb, *arguments], env=settings.child_environment())
    if applies and done.returncode != 1 and control.is_running(settings.home):
        control.ask(settings.home, "configure", values=settings.values, given=sorted(settings.given))
    return done.returncode


def more_arguments(settings, verb, arguments):
    """Returns what the binary has to be told of this stack beside its settings. Sees to it that `remove` finds nobody
    of ours at work."""
    if verb == "init" and not any(word.startswith("--postgres") for word in arguments):
        if not control.is_running(settings.home):
            raise ServiceError(
                "which database? Name it, --postgres postgresql://USER@HOST/DATABASE; or start servers here, "
                "deploy/millrace up"
            )
        return [] if "--these-servers" in arguments else ["--these-servers"]
    if verb == "prepare" and settings.project():
        return ["--secrets", str(settings.project() / "secrets")]
    if verb != "remove":
        return []
    # A worker that is the project's alone has its connector in topics that go, and would make them again.
    alone = settings.project() and settings.own("connect")
    if "--yes" in arguments:
        connector.expected(settings.home, False)
        with contextlib.suppress(control.NotRunning):
            for name in (*(node.name for node in services.nodes(settings)), *(["connect"] if alone else [])):
                control.ask(settings.home, "stop", name=name, seconds=90)
    return ["--own-connect"] if alone else []


@contextlib.contextmanager
def database(settings):
    """Sees to it that PostgreSQL runs while the block lasts: our own is started for it where it is down."""
    if not settings.own("postgres") or not processes.port_is_free(settings.number("POSTGRES_PORT")):
        yield
        return
    postgres = Postgres(settings)
    install.for_services([postgres])
    with postgres.alone():
        yield
