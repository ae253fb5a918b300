"""`up`: everything from an empty machine to live figures."""
import shlex
import signal
import subprocess
import sys
import time

import build
import connector
import control
import disk
import install
import live
import processes
import progress
import services
from down import end_what_was_left, stop
from service import ServiceError, log_tail


class UpError(Exception):
    """Something doesn't come up; the text says what, and what to do."""


def up(settings, rate, detach, yes=False):
    """Starts what isn't running. `rate`: rows a second for the generator, or None: as it is, or the default. `yes`:
    figures may go, however many. Returns the exit code."""
    settings.home.make()
    ours = services.make(settings)
    was_running = control.is_running(settings.home)
    if not was_running and end_what_was_left(settings.home):
        progress.say("a supervisor had died; what it left running is stopped")
    before = control.ask(settings.home, "status")["services"] if was_running else {}
    down_now = [service for name, service in ours.items() if before.get(name, {}).get("state", "stopped") == "stopped"]
    with install.for_services_and_build(down_now):
        binary = build.binary()
    check_machine(settings, down_now)
    say_if_scarce(settings)
    build.install_copy(binary, settings.home.root / "bin" / "millrace")
    if settings.project() and rate:
        raise UpError("--rate is the shop's generator's: a project of your own has none")
    started = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the same as Ctrl-C
    try:
        start_everything(settings, ours, rate, started, was_running, yes)
    except (UpError, control.ControlError, ServiceError, KeyboardInterrupt) as error:
        text = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        progress.say(f"\nmillrace up: {text}")
        stop(settings.home, None if not was_running else started)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    if detach or "node" not in ours:
        look = "nodes elsewhere take the settings that `deploy/millrace env` prints"
        if "node" in ours:
            look = f"look at {ours['node'].url('/status')}"
        progress.say(f"running; {look}, stop with: deploy/millrace down")
        return 0
    return live.watch(settings, ours)


def start_everything(settings, ours, rate, started, was_running, yes):
    """Brings up servers, node, connector and generator in that order; the node is there before the first snapshot, so
    its ledger sees all of it."""
    check_servers(settings)
    if not was_running:
        start_supervisor(settings.home)
    elif settings.own("postgres") and not settings.project() and control.ask(
            settings.home, "status")["services"]["postgres"]["state"] == "ready":
        check_figures(settings)  # before the stack gets them: every later verb uses them
    control.ask(settings.home, "configure", values=settings.values, given=sorted(settings.given))
    run(settings, [ours[kind.name] for kind in services.SERVERS if kind.name in ours], started)
    prepare_database(settings)
    check_figures(settings)
    if connector_runs(settings):
        # New tables have to be captured before the node asks for a snapshot of them.
        register(settings)
    leave_superfluous(settings)
    run(settings, services.nodes(settings), started)
    register(settings)
    if "generator" in ours:
        run_generator(settings, ours["generator"], rate, started, was_running)
    if "node" in ours:
        live.wait_until_filled(settings, ours["node"], UpError)
        apply(settings, yes)


def leave_superfluous(settings):
    """Stops nodes beyond the number that is wanted now."""
    wanted = {node.name for node in services.nodes(settings)}
    for name, record in control.ask(settings.home, "status")["services"].items():
        if name.startswith("node") and name not in wanted and record["state"] != "stopped":
            control.ask(settings.home, "stop", name=name, seconds=90)


def check_machine(settings, wanted):
    """Refuses a machine whose ports are taken or whose memory is too small. Raises UpError, with every reason at
    once."""
    reasons = []
    for service in wanted:
        for setting, port in service.ports().items():
            if not processes.port_is_free(port):
                holder = processes.port_holder(port) or "another program"
                reasons.append(
                    f"port {port} for {service.title} is taken by {holder}; stop it, or choose another by {setting}")
    needed = sum(service.memory for service in wanted)
    if "MILLRACE_MEMORY_MB" in settings.given:
        needed = settings.number("MILLRACE_MEMORY_MB") << 20
    free = processes.free_memory()
    if wanted and free < needed:
        reasons.append(
            f"too little memory: {needed >> 20} MB are needed for {', '.join(service.title for service in wanted)}, "
            f"{free >> 20} MB are free (MILLRACE_MEMORY_MB sets another bound)")
    if reasons:
        raise UpError("\n".join(reasons))


def say_if_scarce(settings):
    """Says that little room is left on the disk, where that is so."""
    text = disk.warning(settings)
    if text:
        progress.say(text)


def start_supervisor(home):
    """Starts the supervisor as a process of its own session, so that the terminal may go."""
    with home.open_log("supervisor") as log:
        process = subprocess.Popen(
            [sys.executable, str(build.REPOSITORY / "deploy/stack/supervisor.py"),
             str(home.root)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True)
    deadline = time.monotonic() + 60  # it may have to end what another one left behind
    while not control.is_running(home):
        if process.poll() is not None or time.monotonic() > deadline:
            raise UpError("the supervisor didn't start:\n" + "\n".join(log_tail(home.log("supervisor"))))
        time.sleep(0.05)


def run(settings, wanted, started):
    """Has the supervisor start these services side by side, and waits until all answer. What runs with old settings is
    started again."""
    records = control.ask(settings.home, "status")["services"]
    for service in wanted:
        record = records[service.name]
        if record["state"] == "stopped":
            started.append(service.name)
            control.ask(settings.home, "start", name=service.name)
        elif record["outdated"]:
            progress.say(f"{service.title} is started again, these have changed: {', '.join(record['outdated'])}")
            control.ask(settings.home, "restart", name=service.name)
    wait_until_ready(settings, wanted)


def wait_until_ready(settings, wanted):
    limit, waiting = settings.number("MILLRACE_START_SECONDS"), list(wanted)
    wait = progress.Waiting(
        f"see the logs under {settings.home.logs}; up gives up after {limit} s (MILLRACE_START_SECONDS)")
    while waiting:
        records = control.ask(settings.home, "status")["services"]
        seconds = wait.seconds()
        for service in list(waiting):
            record = records[service.name]
            if record["state"] == "ready":
                waiting.remove(service)
                if seconds > 0.1:
                    progress.say(f"{service.title} is up ({seconds:.1f} s)")
            elif record["failures"] >= 3 or seconds > limit:
                raise UpError(does_not_come_up(settings, service, record, seconds))
        if waiting:
            wait.show(f"starting {', '.join(service.title for service in waiting)}")
            time.sleep(0.1)


def does_not_come_up(settings, service, record, seconds):
    log = settings.home.log(service.name)
    why = f" ({record['error']})" if record["error"] else ""
    return f"{service.title} doesn't come up after {seconds:.0f} s{why}. The end of {log}:\n" + "\n".join(
        "  " + line for line in log_tail(log))


def program(settings, complaint, *arguments):
    """Runs a verb of our binary to its end. Raises UpError with what it said where it failed."""
    done = subprocess.run([settings.home.root / "bin" / "millrace", *arguments], env=settings.child_environment(),
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise UpError(f"{complaint}:\n{(done.stdout + done.stderr).strip()}")


def register(settings):
    connector.expected(settings.home, False)
    program(settings, "the connector could not be registered", "connector", "register")
    connector.expected(settings.home, True)


def apply(settings, yes):
    """Takes a ledger's figures to what the files say; what hasn't changed goes on as it is. `yes`: however many figures
    go."""
    done = subprocess.run([settings.home.root / "bin" / "millrace", "apply", *(["--yes"] if yes else [])],
                          env=settings.child_environment(), stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise UpError(f"the figures could not be applied:\n{done.stdout.strip()}")
    if not done.stdout.startswith("Nothing to do"):
        progress.say(done.stdout.strip())


def connector_runs(settings):
    asked = subprocess.run([settings.home.root / "bin" / "millrace", "connector", "status"],
                           env=settings.child_environment(), capture_output=True)
    return asked.returncode == 0


def prepare_database(settings):
    """Refuses a database that lacks something for the figures, and names all of it at once; our own is given what it
    lacks."""
    if settings.own("postgres") and not settings.project():
        return  # init.sql has made it
    secrets = (settings.project() or settings.home.root) / "secrets"
    asked = subprocess.run([settings.home.root / "bin" / "millrace", "prepare", "--secrets", secrets],
                           env=settings.child_environment(refers=False), capture_output=True, text=True)
    if asked.returncode == 1 and settings.own("postgres"):
        services.make(settings)["postgres"].prepare_database(asked.stdout)
    elif asked.returncode == 1:
        where = f"{settings['POSTGRES_DB']} at {settings['POSTGRES_HOST']}:{settings['POSTGRES_PORT']}"
        option = f" --project {shlex.quote(str(settings.project()))}" if settings.project() else ""
        raise UpError(
            f"the database {where} lacks what the figures need:\n{asked.stderr.strip()}\n"
            f"As SQL, for an administrator:  deploy/millrace prepare{option} > prepare.sql;  psql -f prepare.sql ...")
    elif asked.returncode != 0:
        raise UpError((asked.stderr or asked.stdout).strip())


def check_servers(settings):
    """Refuses a user's own servers that reject the login, all of them at once, before anything is started."""
    others = [kind.name for kind in services.SERVERS if not settings.own(kind.name)]
    if others:
        program(settings, "not every server accepts the login", "servers", *others)


def check_figures(settings):
    """Refuses figures that can't be run, all of them at once, before anything of what runs is touched."""
    files = settings.figure_files()
    if files:
        program(settings, "the figures are refused", "check", *map(str, files))


def run_generator(settings, generator, rate, started, was_running):
    """Starts the generator, or changes its rate. A rate of 0 means: none runs."""
    told = rate if rate is not None else settings.rate() if settings.rate_is_given() or not was_running else None
    if told is not None:
        control.ask(settings.home, "rate", rate=told)
    current = control.ask(settings.home, "status")["rate"]
    if current > 0:
        run(settings, [generator], started)
    else:
        control.ask(settings.home, "stop", name=generator.name)
