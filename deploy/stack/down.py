"""`down`: stops everything cleanly, and says what stays."""
import fcntl
import signal

import control
import progress
import services
from supervisor import Supervisor


def stop(home, names=None):
    """Stops these services, last started first; without names all of them and the supervisor. Returns whether anything
    ran."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second Ctrl-C must not leave half of it running
    try:
        running = control.ask(home, "status")["services"]
        for name in services.in_stopping_order(running):
            if running[name]["state"] != "stopped" and (names is None or name in names):
                kind = services.kind_of(name)
                title = kind.title if name == kind.name else name
                progress.show(f"stopping {title} ...")
                control.ask(home, "stop", name=name, seconds=90)
                progress.say(f"{title} is stopped")
        if names is None:
            control.ask(home, "shutdown", seconds=200)
            wait_for_supervisor(home)
        return True
    except control.NotRunning:
        return end_what_was_left(home)


def wait_for_supervisor(home):
    """Returns once the supervisor has let go of its lock: then it is gone, and nothing of it is in the way of the
    next."""
    with home.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def end_what_was_left(home):
    """Ends what a supervisor that died has left behind. Returns whether there was anything."""
    if not home.state.is_file():
        return False
    with home.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        Supervisor(home).end_orphans()
        home.state.unlink(missing_ok=True)
        home.shared_settings.unlink(missing_ok=True)
    return True


def down(settings, wipe):
    """Stops the stack; with `wipe` deletes what it made as well. Returns the exit code."""
    ran = stop(settings.home)
    slot = f"millrace_{settings['MILLRACE_PROJECT']}"
    if wipe:
        settings.home.wipe()
        progress.say(f"everything under {settings.home.root} is deleted")
    elif not ran:
        progress.say("the stack wasn't running")
    elif settings.own("postgres"):
        progress.say(
            f"The replication slot {slot} stays, so that the next `up` goes on where this one stopped. While "
            "PostgreSQL runs without the rest\n"
            f"it keeps all WAL since then, {settings['MILLRACE_SLOT_WAL_KEEP']} at most. `down --wipe` deletes it "
            "with all data."
        )
    if not settings.own("postgres"):
        progress.say(
            f"The replication slot {slot} stays on {settings['POSTGRES_HOST']}:{settings['POSTGRES_PORT']} and KEEPS "
            "ALL WAL from here on.\n"
            f"If Millrace won't come back there:  SELECT pg_drop_replication_slot('{slot}');")
    return 0
