"""The verbs of deploy/millrace, which runs this; `main.py --help` lists them."""
import argparse
import errno
import os
import shlex
import subprocess
import sys
import traceback

import bench
import certificates
import control
import down
import front
import monitor
import nodes
import package
import services
import settings as settings_module
import testing
import up
from postgres import Postgres
from service import ServiceError
from visible import visible, visible_lines

EPILOG = """verbs of the binary, with their own --help:
""" + "\n".join(f"  {verb:<14} {text}" for verb, text in front.VERBS.items()) + """

Settings: command line, environment, configuration file (.env, see .env.example), defaults, in this order."""


def parser():
    """Returns the parser of the stack's own verbs."""
    top = argparse.ArgumentParser(prog="millrace", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
                                  description="Millrace: figures about a PostgreSQL database, exact and live in Redis.")
    top.add_argument("--project", metavar="DIR",
                     help="a project folder, as `init` writes it; every verb takes it, anywhere on its command line")
    top.add_argument("--config", metavar="FILE",
                     help="configuration file (default: .env in the repository, if it exists)")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    one = verbs.add_parser("up", help="start everything; a second `up` starts what is missing and takes new settings")
    one.add_argument("--rate", type=rate, metavar="N",
                     help="rows/s that the generator writes; 0 = no generator (default 200)")
    one.add_argument("--figures", nargs="+", metavar="DIR",
                     help="folders or files of figures (default sql/figures sql/alerts sql/batch)")
    one.add_argument(
        "--nodes", type=number_of_nodes, metavar="N",
        help="number of nodes that share the work (default: a single node); 0: servers only, the nodes run elsewhere")
    one.add_argument("--detach", action="store_true", help="return when the figures are filled")
    one.add_argument("--yes", action="store_true",
                     help="remove figures whose files are gone without asking, any number of them")
    one = verbs.add_parser("down", help="stop everything")
    one.add_argument("--wipe", action="store_true", help="delete all data as well")
    one = verbs.add_parser("env", help="print the effective endpoints as KEY=value, passwords included")
    one.add_argument("--export", action="store_true", help="write `export KEY=value`")
    verbs.add_parser(
        "psql", help="psql as the administrator of the PostgreSQL that was started here; takes psql's own arguments")
    one = verbs.add_parser("logs", help="show the logs")
    one.add_argument("service", nargs="?", metavar="SERVICE",
                     help="postgres, redis, kafka, connect, node, node-2 ..., generator, supervisor")
    one.add_argument("-n", "--lines", type=int, default=50)
    one.add_argument("-f", "--follow", action="store_true")
    one = verbs.add_parser("service", help="stop, start, restart or kill one service, or print its pid")
    one.add_argument("action", choices=["stop", "start", "restart", "kill", "pid"])
    one.add_argument("name", type=service_name, metavar="SERVICE",
                     help="postgres, redis, kafka, connect, node, node-2 ..., generator")
    one.add_argument("--hold", action="store_true", help="kill: don't start it again until `service start`")
    one = verbs.add_parser("nodes", help="list the nodes of this machine, add one, or remove the newest")
    one.add_argument("action", choices=["list", "add", "remove"])
    one.add_argument("--json", action="store_true", help="list: print JSON")
    one = verbs.add_parser("monitor", help="show live what a node's page shows, in this terminal, until q or Ctrl-C")
    one.add_argument("--node", type=node_name, default="node", metavar="NAME",
                     help="which node of this machine is asked: node, node-2 ... (default node)")
    one.add_argument("--interval", type=interval, default=1.0, metavar="SECONDS",
                     help="time between two looks, from 0.2 to 3600 (default 1)")
    one.add_argument("--once", action="store_true",
                     help="print one frame as plain text, as without a terminal; exit 1 if the node doesn't answer")
    one = verbs.add_parser(
        "certs",
        help="make a private CA and the nodes' certificates, for TLS between nodes; run again, it adds and renews",
        description=
        "Makes a private CA (once) and a certificate for each node, for TLS between nodes. Run again, it adds nodes "
        "and renews "
        "certificates that expire within 30 days; keys stay as they are. A node loads its new certificate at its next "
        "start."
    )
    one.add_argument("folder", nargs="?", metavar="DIR",
                     help="folder of the certificates (default: MILLRACE_NODE_CERTS, else tls in MILLRACE_HOME)")
    one.add_argument("--nodes", nargs="+", metavar="NAME",
                     help="the nodes' names (default: those of this machine's stack: node, node-2 ...)")
    one.add_argument("--days", type=at_least_one_day, default=365, metavar="N",
                     help="validity of a certificate in days (default 365)")
    one.add_argument("--renew", action="store_true",
                     help="renew the named nodes' certificates, even if they don't expire soon")
    one = verbs.add_parser("test", help="build and run the tests")
    one.add_argument("kind", nargs="?", default="all", choices=testing.KINDS)
    one.add_argument("--seconds", type=int, metavar="N", help="fuzz: how long each target runs (default 60)")
    one.add_argument("--faults", type=int, metavar="N", help="chaos: number of faults (default 20)")
    one.add_argument("--seed", type=int, metavar="S", help="seed of all randomized tests; each prints its own")
    one.add_argument("ctest", nargs="*", help="after --: arguments for ctest")
    verbs.add_parser("package", help="build the Debian package, and print its path")
    verbs.add_parser("bench", help="measure speed and latency, and compare with other programs; has its own --help")
    return top


def service_name(text):
    if not services.kind_of(text):
        raise argparse.ArgumentTypeError(f"there is no service {text!r}")
    return text


def node_name(text):
    if services.kind_of(text) is not services.Node:
        raise argparse.ArgumentTypeError(f"there is no node {text!r}; they are called node, node-2 ...")
    return text


def interval(text):
    if not 0.2 <= float(text) <= 3600:
        raise argparse.ArgumentTypeError("an interval is from 0.2 to 3600 seconds")
    return float(text)


def number_of_nodes(text):
    if int(text) < 0:
        raise argparse.ArgumentTypeError("there can't be less than none")
    return int(text)


def at_least_one_day(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("a certificate is good for one day at least")
    return int(text)


def rate(text):
    value = float(text)
    if not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError("a rate is a number of rows a second, 0 or more")
    return value


def print_environment(settings, export):
    for name, value in settings.environment().items():
        print(f"{'export ' if export else ''}{name}={shlex.quote(value)}")


def logs_of(settings, service):
    """Returns the logs of a service, or all. One that a project doesn't run itself may be the shop's, whose servers it
    shares. Raises ServiceError."""
    if not service:
        logs = sorted(settings.home.logs.glob("*.log"))
    else:
        beside = settings_module.resolve({}).home if settings.project() and not settings.own(service) else settings.home
        logs = [log for log in (settings.home.log(service), beside.log(service)) if log.exists()][:1]
    if logs:
        return logs
    there = ", ".join(sorted(log.stem for log in settings.home.logs.glob("*.log")))
    raise ServiceError(f"there is no log{' of ' + service if service else ''} under {settings.home.logs}; " +
                       (f"there are: {there}" if there else "nothing has run here"))


def show_logs(settings, options):
    """Shows what tail says, which knows how to follow files that are cut. Servers log names and statements as they
    come, so each line is made safe to show."""
    logs = logs_of(settings, options.service)
    up.say_if_scarce(settings)
    with subprocess.Popen(
        ["tail", "-n", str(options.lines), *(["-F"] if options.follow else []), *map(str, logs)],
            stdout=subprocess.PIPE) as tail:
        for line in tail.stdout:
            print(visible_lines(line.decode(errors="surrogateescape")), end="", flush=True)


def operate(settings, options):
    """`service ACTION NAME`: `start` and `restart` return when it answers, `stop` when it is gone, `kill` at once."""
    home = settings.home
    if options.action == "pid":
        record = control.ask(home, "status")["services"].get(options.name, {})
        if not record.get("pid"):
            raise control.ControlError(f"{options.name} isn't running")
        print(record["pid"])
        return
    hold = {"hold": True} if options.hold and options.action == "kill" else {}
    control.ask(home, options.action, name=options.name, seconds=90, **hold)
    if options.action in ("start", "restart"):
        wait_for(settings, options.name)


def wait_for(settings, name):
    up.wait_until_ready(settings, [services.make(nodes.as_it_runs(settings))[name]])


def command_line_settings(options):
    figures, number = getattr(options, "figures", None), options.nodes if options.verb == "up" else None
    return {
        **({"MILLRACE_FIGURES": ":".join(figures)} if figures else {}),
        **({"MILLRACE_NODES": str(number)} if number is not None else {})
    }


def take_project(arguments):
    """Returns the folder that `--project` names, or None, and the other words."""
    rest, project = [], None
    words = iter(arguments)
    for word in words:
        if word == "--project" or word.startswith("--project="):
            project = word.partition("=")[2] or next(words, "")
            if not project:
                raise settings_module.SettingsError("--project needs a project's folder")
        else:
            rest.append(word)
    return project, rest


def take_figures(arguments):
    """Returns the folders or files that follow `--figures`, and the other words."""
    rest, figures, taking = [], [], False
    for word in arguments:
        taking = word == "--figures" or taking and not word.startswith("-")
        if word.startswith("--figures="):
            figures.append(word.partition("=")[2])
        elif word != "--figures":
            (figures if taking else rest).append(word)
    if "--figures" in arguments and not figures:
        raise settings_module.SettingsError("--figures needs folders or files with figures")
    return figures, rest


def administer(settings, arguments):
    """`psql`: the administrator's, in our own PostgreSQL."""
    if not settings.own("postgres"):
        raise ServiceError(
            f"PostgreSQL at {settings['POSTGRES_HOST']}:{settings['POSTGRES_PORT']} wasn't started by this stack: its "
            "administrator's psql is needed"
        )
    Postgres(settings).become_psql(arguments)


def run(arguments):
    project, arguments = take_project(arguments)
    verb = arguments[0] if arguments else ""
    if verb == "bench":
        return bench.bench(arguments[1:])
    if verb in ("plan", "apply"):
        figures, rest = take_figures(arguments[1:])
        return front.change(settings_module.resolve({"MILLRACE_FIGURES": ":".join(figures)}, project=project), verb,
                            rest)
    if verb in front.VERBS or verb == "psql":
        settings = settings_module.resolve({}, project=project)
        return administer(settings, arguments[1:]) if verb == "psql" else front.run(settings, verb, arguments[1:])
    options = parser().parse_args(arguments or ["--help"])
    if options.verb == "test":
        return testing.test(options.kind, options.ctest, {
            "MILLRACE_FAULTS": options.faults, "MILLRACE_SEED": options.seed, "MILLRACE_FUZZ_SECONDS": options.seconds
        })
    if options.verb == "package":
        print(package.package())
        return 0
    settings = settings_module.resolve(command_line_settings(options), config=options.config, project=project)
    if options.verb == "up":
        return up.up(settings, options.rate, options.detach, options.yes)
    if options.verb == "down":
        return down.down(settings, options.wipe)
    if options.verb == "monitor":
        return monitor.monitor(settings, options.node, options.interval, options.once)
    if options.verb == "certs":
        certificates.run(options.folder or settings.node_certificates() or settings.home.node_certificates,
                         options.nodes or [node.name for node in services.nodes(settings)], options.days, options.renew)
        return 0
    {
        "env": lambda: print_environment(settings, options.export), "logs": lambda: show_logs(settings, options),
        "service": lambda: operate(settings, options),
        "nodes": lambda: nodes.run(settings, options.action, options.json)
    }[options.verb]()
    return 0


#: EX_SOFTWARE of sysexits.h: a bug of Millrace's, as in the program (nodes/cli/unexpected.hpp).
UNEXPECTED = 70


def unexpected(verb, error):
    """The one place for what a verb didn't expect. Returns the exit code."""
    print(visible_lines("".join(traceback.format_exception(error))), end="", file=sys.stderr)
    print(
        f"millrace: {visible(verb)} ended by an unexpected error: {visible(str(error) or type(error).__name__)}\n"
        "This is a bug of Millrace's. Please report it, with these lines and the command: SECURITY.md says where.",
        file=sys.stderr)
    return UNEXPECTED


def main():
    try:
        sys.exit(run(sys.argv[1:]))
    except BrokenPipeError:  # `logs | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            sys.exit(f"millrace: {visible_lines(str(error))}")
        sys.exit(
            visible_lines(
                f"millrace: {error.filename or 'a file'} can't be written: {error.strerror}. Make room, and do it again"
            ))
    except (settings_module.SettingsError, ServiceError, control.ControlError, up.UpError) as error:
        sys.exit(f"millrace: {visible_lines(str(error))}")
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # and no SystemExit
        sys.exit(unexpected(sys.argv[1] if sys.argv[1:] else "millrace", error))


if __name__ == "__main__":
    main()
