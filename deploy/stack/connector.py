"""Watches the project's connector: one that is gone, or that another client has changed, is registered again and
said."""
import contextlib
import subprocess
import threading

import control
import processes
import service

SECONDS = 2.0  #: between two looks; what two of them find counts
#: What Millrace's own verbs change of a running connector, when other figures are applied.
BY_FIGURES = ("table.include.list", "heartbeat.action.query")


def name_of(settings):
    return f"millrace-{settings['MILLRACE_PROJECT']}"


def expected(home, wanted):
    """Tells a running supervisor whether the connector is to be there, as it is now."""
    with contextlib.suppress(control.NotRunning):
        control.ask(home, "connector", wanted=wanted)


def without_figures(config):
    return {name: value for name, value in config.items() if name not in BY_FIGURES}


class Watch:
    """One look after the other, in the supervisor's thread for it."""

    def __init__(self, supervisor):
        self.supervisor, self.wanted = supervisor, False
        self.config = None    #: as it should be; None: not seen yet
        self.suspect = ""     #: what the last look found, in words
        self.said = ""        #: why it can't be registered
        self._looking = threading.Lock()

    def expect(self, wanted):
        with self._looking:
            self.wanted, self.config, self.suspect = wanted, None, ""
        if wanted:
            self.look()

    def run(self, ended):
        while not ended.wait(SECONDS):
            try:
                self.look()
            except Exception as error:  # whatever it was, the next look may do better
                self.say(f"can't be watched: {type(error).__name__}: {error}")

    def look(self):
        """Registers the connector again where two looks in a row have found the same wrong."""
        with self._looking:
            found = self.found() if self.wanted and self.supervisor.settings else ""
            before, self.suspect = self.suspect, found
            if found and found == before:
                self.register(found)

    def found(self):
        """Returns what is wrong with the connector, in words. No value is among them: it may be a password."""
        settings = self.supervisor.settings
        status, config = service.ask_connect(settings, f"/connectors/{name_of(settings)}/config", 3.0)
        if status == 404:
            return "was gone"
        if status != 200 or not isinstance(config, dict):
            return ""
        if self.config is None:
            self.config = config
        names = without_figures(config).items() ^ without_figures(self.config).items()
        return f"was changed by another client ({', '.join(sorted({name for name, _ in names}))})" if names else ""

    def register(self, why):
        settings = self.supervisor.settings
        done = subprocess.run([settings.home.root / "bin" / "millrace", "connector", "register"],
                              env=settings.child_environment(), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120)
        if done.returncode != 0:
            self.say(f"{why}, and can't be registered again: {done.stderr.strip()}")
            return
        self.said = ""
        processes.say(f"connector {name_of(settings)}: {why}; registering it again")
        self.config, self.suspect = None, ""
        self.found()  # at once: what another client changes from now on is seen as theirs

    def say(self, text):
        """Says why it can't be as it should, once."""
        if text != self.said:
            self.said = text
            processes.say(f"connector: {text}")
