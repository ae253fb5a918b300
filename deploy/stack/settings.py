"""Settings of a stack, in layers: command line > environment > configuration file > the running stack > defaults.

A project (`--project DIR`) has them in DIR/millrace.env and nowhere else: an environment that tells of another stack
must not reach it.

A secret NAME may be given as NAME_FILE, the path of a file that holds it. An endpoint that somebody gives (REDIS_HOST,
KAFKA_BROKER, ...) and that isn't our own server's makes that service *external*: the stack uses it and starts nothing
in its place.
"""
import json
import os
import pathlib
import shlex

import home

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

#: What may be set and the default; a default of None means: made by the stack (secrets), or absent.
DEFAULTS = {
    "POSTGRES_HOST": None, "POSTGRES_PORT": None, "POSTGRES_DB": "shop", "POSTGRES_USER": "shop",
    "POSTGRES_PASSWORD": None,
    "POSTGRES_SSLMODE": None, "POSTGRES_SSLROOTCERT": None,
    "REDIS_HOST": None, "REDIS_PORT": None, "REDIS_PASSWORD": None, "REDIS_USER": None, "REDIS_DATABASE": None,
    "KAFKA_BROKER": None, "KAFKA_PROPERTIES_FILE": None, "CONNECT_URL": None, "CONNECT_USER": None,
    "CONNECT_PASSWORD": None,
    "MILLRACE_NODE_USER": None, "MILLRACE_NODE_PASSWORD": None,
    "MILLRACE_DEBEZIUM_USER": None, "MILLRACE_DEBEZIUM_PASSWORD": None, "MILLRACE_HTTP_TOKEN": None,
    "MILLRACE_POSTGRES_PORT": "15401", "MILLRACE_REDIS_PORT": "15402", "MILLRACE_KAFKA_PORT": "15403",
    "MILLRACE_KAFKA_CONTROLLER_PORT": "15404", "MILLRACE_CONNECT_PORT": "15405",
    "MILLRACE_HTTP_PORT": "15406", "MILLRACE_GENERATOR_PORT": "15407",
    "MILLRACE_NODES": None, "MILLRACE_NODE_PORT": "15420", "MILLRACE_SESSION_TIMEOUT_MS": None,
    "MILLRACE_WALK_PLACES": None,
    "MILLRACE_NODE_CERTS": None, "MILLRACE_NODE_CERTIFICATE": None, "MILLRACE_NODE_KEY": None,
    "MILLRACE_NODE_AUTHORITY": None,
    "MILLRACE_PROJECT": "shop", "MILLRACE_TOPIC_PREFIX": "dbserver1", "MILLRACE_KEY_PREFIX": None,
    "MILLRACE_SCHEMA": "millrace",
    "MILLRACE_FIGURES": ":".join(f"{REPOSITORY}/sql/{kind}" for kind in ("figures", "alerts", "batch")),
    "MILLRACE_CONNECTOR_TEMPLATE": str(REPOSITORY / "debezium" / "postgres.json"),
    "MILLRACE_EXACTLY_ONCE": "on", "MILLRACE_DECIMAL_HANDLING_MODE": None, "MILLRACE_TOPICS_WHOLE": None,
    "MILLRACE_GENERATOR_SEED": None,
    "MILLRACE_KAFKA_HEAP": "768m", "MILLRACE_CONNECT_HEAP": "1g", "MILLRACE_JAVA_OPTIONS": None,
    "MILLRACE_SLOT_WAL_KEEP": "16GB",
    "MILLRACE_MEMORY_MB": None, "MILLRACE_DISK_MB": "1024", "MILLRACE_START_SECONDS": "180",
    "MILLRACE_FILL_SECONDS": "300", "MILLRACE_LOG_BYTES": "16777216",
    "MILLRACE_ALERTS_TOPIC": None, "MILLRACE_ALERTMANAGER_URL": None, "MILLRACE_ALERT_WEBHOOK_URL": None,
    "MILLRACE_ALERT_WEBHOOK_SECRET": None,
    "MILLRACE_STALE_AFTER_SECONDS": None, "MILLRACE_BATCH_TIMEOUT_SECONDS": None,
    "MILLRACE_RECONCILE_SECONDS": None,
    "LOG_LEVEL": "info", "STREAM_BUFFER_SIZE": None,
    "MOCK_DATA_RECORDS_PER_BATCH": None, "MOCK_DATA_INTERVAL_SECONDS": None,
}
SECRETS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "MILLRACE_NODE_PASSWORD", "MILLRACE_DEBEZIUM_PASSWORD",
           "MILLRACE_HTTP_TOKEN", "CONNECT_PASSWORD")
#: What can be secret, and that nobody makes up.
GIVEN_SECRETS = ("MILLRACE_ALERTMANAGER_URL", "MILLRACE_ALERT_WEBHOOK_URL", "MILLRACE_ALERT_WEBHOOK_SECRET")
NUMBERS = tuple(name for name in DEFAULTS if name.endswith(("_PORT", "_SECONDS", "_BYTES", "_PER_BATCH", "_SIZE",
                                                            "_SEED", "_MB", "_NODES", "_MS", "_GROUPS")))
PATHS = ("MILLRACE_FIGURES", "MILLRACE_CONNECTOR_TEMPLATE", "POSTGRES_SSLROOTCERT", "KAFKA_PROPERTIES_FILE",
         "MILLRACE_NODE_CERTS", "MILLRACE_NODE_CERTIFICATE", "MILLRACE_NODE_KEY", "MILLRACE_NODE_AUTHORITY")
#: What makes nodes of one machine speak to each other without TLS.
NO_CERTIFICATES = ("MILLRACE_NODE_CERTS", "off")
#: The settings file in a project's folder, and the name under which the settings remember the folder.
PROJECT_FILE = "millrace.env"
PROJECT_FOLDER = "MILLRACE_PROJECT_FOLDER"
DEFAULT_RATE = 200.0
#: What only the stack itself reads; the C++ programs aren't told, and go on running when one of these changes.
STACK_ONLY = ("MILLRACE_KAFKA_HEAP", "MILLRACE_CONNECT_HEAP", "MILLRACE_JAVA_OPTIONS", "MILLRACE_SLOT_WAL_KEEP",
              "MILLRACE_START_SECONDS", "MILLRACE_FILL_SECONDS", "MILLRACE_LOG_BYTES",
              "MILLRACE_GENERATOR_SEED", "MILLRACE_MEMORY_MB", "MILLRACE_DISK_MB", "MILLRACE_NODES",
              "MILLRACE_NODE_PORT", "MILLRACE_NODE_CERTS")


class SettingsError(Exception):
    """A setting that can't be used; the text names it and says what would do."""


def read_file(path):
    """Returns the KEY=value lines of a configuration file. Quotes are the shell's; `#` begins a comment."""
    values = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            raise SettingsError(f"{path}:{number}: {error}") from None
        words = words[1:] if words[:1] == ["export"] else words
        for word in words:
            name, separator, value = word.partition("=")
            if not separator:
                raise SettingsError(f"{path}:{number}: expected KEY=value, found {word!r}")
            values[name] = value
    return values


def layer(source, base):
    """Returns what one layer sets: known names, secrets read from their files, paths made absolute from `base`. Empty
    means: not set."""
    values = {}
    for name in DEFAULTS:
        if source.get(name, "") != "":
            values[name] = source[name]
    for name in SECRETS + GIVEN_SECRETS:
        path = source.get(name + "_FILE", "")
        if name not in values and path:
            try:
                values[name] = (base / path).read_text().rstrip("\r\n")
            except OSError as error:
                raise SettingsError(f"{name}_FILE: {path}: {error.strerror}") from None
    for name in PATHS:
        if name in values and (name, values[name]) != NO_CERTIFICATES:
            values[name] = ":".join(str((base / part).resolve()) for part in values[name].split(":") if part)
    return values


class Settings:
    """The effective settings of one stack."""

    def __init__(self, values, given, folder):
        self.values = values    #: every name that has a value
        self.given = given      #: the names that somebody set, in whatever layer
        self.home = folder      #: home.Home, where this stack keeps everything
        for name in NUMBERS:
            if name in values and not values[name].isdigit():
                raise SettingsError(f"{name} must be a whole number, not {values[name]!r}")
        if values["MILLRACE_EXACTLY_ONCE"] not in ("on", "off"):
            raise SettingsError(f"MILLRACE_EXACTLY_ONCE is on or off, not {values['MILLRACE_EXACTLY_ONCE']!r}")

    def __getitem__(self, name):
        return self.values[name]

    def get(self, name, default=None):
        return self.values.get(name, default)

    def number(self, name):
        return int(self.values[name])

    def exactly_once(self):
        return self.values["MILLRACE_EXACTLY_ONCE"] == "on"

    def own(self, service):
        """Tells whether the stack runs this service itself, since no setting has another server's address. A project's
        addresses are others' always."""
        if self.project():
            given = {
                "postgres": "POSTGRES_HOST", "redis": "REDIS_HOST", "kafka": "KAFKA_BROKER", "connect": "CONNECT_URL"
            }.get(service)
            return service != "generator" and given not in self.given
        address = {
            "postgres": (("POSTGRES_HOST", "127.0.0.1"), ("POSTGRES_PORT", self["MILLRACE_POSTGRES_PORT"])),
            "redis": (("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", self["MILLRACE_REDIS_PORT"])),
            "kafka": (("KAFKA_BROKER", f"127.0.0.1:{self['MILLRACE_KAFKA_PORT']}"),),
            "connect": (("CONNECT_URL", f"http://127.0.0.1:{self['MILLRACE_CONNECT_PORT']}"),),
        }.get(service, ())
        return all(self[name] == ours for name, ours in address)

    def connect_login(self):
        """Returns user and password for Kafka Connect, or None where it asks for none."""
        return (self["CONNECT_USER"], self["CONNECT_PASSWORD"]) if self.get("CONNECT_USER") else None

    def login_is_ours(self, server):
        """Tells whether the login is the one that was made for a Kafka or a Kafka Connect of our own."""
        if not self.own(server):
            return False
        if server == "kafka":
            return self["KAFKA_PROPERTIES_FILE"] == str(self.home.kafka_properties())
        return self["CONNECT_PASSWORD"] == self.home.secret("CONNECT_PASSWORD")

    def project(self):
        """Returns the folder of the project that these settings are of, or None."""
        folder = self.get(PROJECT_FOLDER)
        return pathlib.Path(folder) if folder else None

    def rate(self):
        """Returns the rows a second that were asked for outside the command line, or the default."""
        records = self.get("MOCK_DATA_RECORDS_PER_BATCH")
        if records is None:
            return DEFAULT_RATE
        return float(records) / max(float(self.get("MOCK_DATA_INTERVAL_SECONDS", "1")), 0.001)

    def rate_is_given(self):
        return "MOCK_DATA_RECORDS_PER_BATCH" in self.given

    def nodes(self):
        """Returns how many nodes the stack runs, and whether they are to find each other: a number was given, be it
        1."""
        return int(self.get("MILLRACE_NODES") or 1), self.get("MILLRACE_NODES") is not None

    def node_certificates(self):
        """Returns the folder with the certificates of this machine's nodes; None if they use no TLS, or each is told
        its own files. Without a setting it is one in MILLRACE_HOME, filled as nodes start."""
        folder = self.get("MILLRACE_NODE_CERTS")
        if folder:
            return None if ("MILLRACE_NODE_CERTS", folder) == NO_CERTIFICATES else pathlib.Path(folder)
        told = self.get("MILLRACE_NODE_CERTIFICATE") or not self.nodes()[1]
        return None if told else self.home.node_certificates

    def figure_files(self):
        """Returns the files with figures, in the order in which they are loaded."""
        files = []
        for part in self["MILLRACE_FIGURES"].split(":"):
            path = pathlib.Path(part)
            if not path.exists():
                raise SettingsError(f"figures: {path} doesn't exist")
            files += sorted(path.glob("*.sql")) if path.is_dir() else [path]
        return files

    def environment(self):
        """Returns what the C++ programs are told, beside what the caller's environment already holds."""
        names = [name for name in DEFAULTS if name in self.values and name not in STACK_ONLY]
        return {**{name: self.values[name] for name in names}, "MILLRACE_HOME": str(self.home.root)}

    def child_environment(self, refers=True):
        """Returns the whole environment of a C++ program. To a project's nothing of the caller's settings comes
        through. `refers`: for_programs()."""
        caller = os.environ
        if self.project():
            ours = {*DEFAULTS, *(name + "_FILE" for name in SECRETS + GIVEN_SECRETS)}
            caller = {name: value for name, value in caller.items() if name not in ours}
        return {**caller, **(self.for_programs() if refers else self.environment())}

    def for_programs(self):
        """Returns environment() as our own programs get it. Kafka Connect shows a connector's configuration to
        everybody, so where it is ours they know of Debezium's password no more than where Connect finds it (the file is
        there once Connect was started)."""
        referred = self.own("connect") and self.home.connector_secrets.is_file()
        reference = {"MILLRACE_DEBEZIUM_PASSWORD": f"${{file:{self.home.connector_secrets}:database.password}}"}
        return {**self.environment(), **(reference if referred else {})}

    def shared(self):
        """Returns what a later command must know about the running stack: all that was given. Secrets may be among
        it."""
        return {name: value for name, value in self.values.items() if name in self.given}


def resolve(command_line, environment=None, config=None, project=None):
    """Returns the effective settings. `command_line` holds names of DEFAULTS, `config` is a configuration file or None,
    `project` a folder or None."""
    environment = dict(os.environ if environment is None else environment)
    base = REPOSITORY
    if project:
        base, environment = pathlib.Path(project).resolve(), {}
        config = base / PROJECT_FILE
        if not config.is_file():
            raise SettingsError(
                f"--project {project}: there is no {PROJECT_FILE} in this folder; `millrace init {project}` writes one")
    path = pathlib.Path(config or environment.get("MILLRACE_CONFIG") or REPOSITORY / ".env")
    if (config or environment.get("MILLRACE_CONFIG")) and not path.is_file():
        raise SettingsError(f"the configuration file {path} doesn't exist")
    in_file = read_file(path) if path.is_file() else {}
    own_home = in_file.get("MILLRACE_HOME")
    if project and own_home:
        own_home = base / own_home
    folder = home.Home(environment.get("MILLRACE_HOME") or own_home, base)
    here = pathlib.Path.cwd()
    running = json.loads(folder.shared_settings.read_text()) if folder.shared_settings.is_file() else {}
    given = {
        **running, **layer(in_file,
                           path.resolve().parent), **layer(environment, here), **layer(command_line, here)
    }
    values = {name: value for name, value in DEFAULTS.items() if value is not None} | given
    if project:
        values[PROJECT_FOLDER] = str(base)
        values["MILLRACE_GENERATOR_PORT"] = "0"  # a generator that runs beside it is the shop's
    fill_addresses(values, given)
    settings = Settings(values, set(given), folder)
    fill_roles(settings)
    if settings.own("kafka"):
        values.setdefault("KAFKA_PROPERTIES_FILE", str(folder.kafka_properties()))
    return settings


def fill_addresses(values, given):
    """Fills the addresses that nobody gave with our own servers'. A port without a host moves our server."""
    for service, usual in (("POSTGRES", "5432"), ("REDIS", "6379")):
        host, port, own = f"{service}_HOST", f"{service}_PORT", f"MILLRACE_{service}_PORT"
        if host in given:
            values.setdefault(port, usual)
        else:
            values[host] = "127.0.0.1"
            values[own] = values[port] = given.get(port, values[own])
    values.setdefault("KAFKA_BROKER", f"127.0.0.1:{values['MILLRACE_KAFKA_PORT']}")
    values.setdefault("CONNECT_URL", f"http://127.0.0.1:{values['MILLRACE_CONNECT_PORT']}")


def fill_roles(settings):
    """Fills users and secrets: our own servers' are made once and kept; somebody else's database has the one user that
    was given."""
    values, ours = settings.values, settings.own("postgres")
    for name, role in (("MILLRACE_NODE", "millrace_node"), ("MILLRACE_DEBEZIUM", "millrace_debezium")):
        values.setdefault(name + "_USER", role if ours else values["POSTGRES_USER"])
    made = {
        "REDIS_PASSWORD": settings.own("redis"), "MILLRACE_HTTP_TOKEN": True,
        "CONNECT_PASSWORD": settings.own("connect")
    }
    if settings.own("connect"):
        values.setdefault("CONNECT_USER", "millrace")
    for name in SECRETS:
        if name not in values:
            if made.get(name, ours):
                values[name] = settings.home.secret(name)
            else:
                values[name] = values.get("POSTGRES_PASSWORD", "") if name.startswith("MILLRACE") else ""
