"""Where a stack keeps what it makes: data, logs, secrets, and the control channel; and as whom its servers run."""
import hashlib
import os
import pathlib
import pwd
import secrets
import shutil
import subprocess

#: As whom the servers run when root starts them; PostgreSQL refuses root. Whoever isn't root runs them under its own
#: name.
SERVER_USER = "millrace"
LOG_MODE = 0o640
#: As whom every client logs in to the Kafka of a stack.
KAFKA_CLIENT = "millrace"


def reachable_by_others(path):
    """Tells whether another user gets as far as `path`: every folder on the way lets others pass."""
    path = path.absolute()
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents) if part.exists())


def cache_folder():
    """Returns where downloads are kept, outside of any build. Root's own cache is closed to the servers' user, so root
    has the machine's."""
    if os.environ.get("MILLRACE_CACHE"):
        return pathlib.Path(os.environ["MILLRACE_CACHE"]).absolute()
    own = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "millrace"
    return own if os.geteuid() != 0 or reachable_by_others(own) else pathlib.Path("/var/cache/millrace")


#: What a stack makes in its home.
FOLDERS = ("run", "logs", "secrets", "bin", "config", "notes", "tls", "postgres", "redis", "kafka", "connect")


class Home:
    """The folder MILLRACE_HOME. Default: .millrace in the repository; for root, where the servers' user can't reach
    that, one under /var/lib."""

    def __init__(self, given, repository):
        root = pathlib.Path(given).absolute() if given else repository / ".millrace"
        if not given and os.geteuid() == 0 and not root.exists() and not reachable_by_others(repository):
            name = hashlib.sha256(str(repository).encode()).hexdigest()[:8]
            root = pathlib.Path("/var/lib/millrace") / f"{repository.name}-{name}"
        self.root = root
        self.marker = root / ".millrace-home"  #: tells that a stack made this folder
        self.run = root / "run"
        self.logs = root / "logs"
        self.secrets = root / "secrets"
        self.state = self.run / "state.json"
        self.shared_settings = self.run / "settings.json"
        self.socket = self.run / "control.sock"
        self.lock = self.run / "supervisor.lock"
        self.node_certificates = root / "tls"  #: of nodes that nobody gave certificates
        self.configuration = root / "config"  #: ours to write, the servers' user's to read
        #: what the connector's configuration refers to
        self.connector_secrets = self.configuration / "connect" / "secrets.properties"

    def make(self):
        """Makes the folders and the servers' user. Raises PermissionError where that user couldn't reach them, or
        somebody else owns them."""
        self.root.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0 and not reachable_by_others(self.root):
            raise PermissionError(
                f"MILLRACE_HOME={self.root} lies where the user {SERVER_USER} can't go; choose a folder that others "
                "may enter"
            )
        owner = self.root.stat().st_uid
        if owner != os.geteuid():
            raise PermissionError(
                f"MILLRACE_HOME={self.root} belongs to {user_name(owner)}, who could change what "
                f"{user_name(os.geteuid())} starts there; "
                "choose a folder of your own")
        make_server_user()
        self.claim()
        if not self.is_ours():
            raise PermissionError(f"MILLRACE_HOME={self.root} has folders that aren't Millrace's (such as "
                                  f"{self.made()[0].name}); choose another folder")
        for folder, mode in ((self.run, 0o700), (self.secrets, 0o700), (self.logs, 0o750)):
            own_folder(folder, mode)
        for log in self.logs.glob("*.log*"):
            with open_plain(log, os.O_RDONLY) as file:
                os.fchmod(file.fileno(), LOG_MODE)

    def log(self, service):
        return self.logs / f"{service}.log"

    def open_log(self, service):
        """Opens a service's log to append to it, as bytes. Logs show columns' values: other users don't read them."""
        return open_plain(self.log(service), os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def secret(self, name):
        """Returns a secret of this stack, made up at the first call and kept in a file that only its owner reads."""
        path = self.secrets / name
        if not path.is_file():
            self.claim()
            self.secrets.mkdir(parents=True, exist_ok=True)
            self.secrets.chmod(0o700)
            write_private(path, secrets.token_hex(24) + "\n")
        return path.read_text().strip()

    def kafka_properties(self):
        """Returns the file by which clients log in to the Kafka of this stack: librdkafka's properties, made with their
        password at the first call."""
        path = self.secrets / "kafka.properties"
        text = ("security.protocol=sasl_plaintext\nsasl.mechanism=PLAIN\n"
                f"sasl.username={KAFKA_CLIENT}\nsasl.password={self.secret('KAFKA_PASSWORD')}\n")
        if not path.is_file() or path.read_text() != text:
            write_private(path, text)
        return path

    def server_folder(self, name):
        """Makes and returns a folder that belongs to the servers' user alone. Nothing but that user writes into it."""
        own_folder(self.root / name, 0o700, servers=True)
        return self.root / name

    def config_folder(self, name):
        """Makes and returns the folder of a service's configuration. It isn't the servers' user's: that user reads what
        lies there."""
        for folder in (self.configuration, self.configuration / name):
            own_folder(folder, 0o711)
        return self.configuration / name

    def made(self):
        """Returns the folders here whose names are those of a stack's."""
        return [self.root / name for name in FOLDERS if (self.root / name).exists()]

    def claim(self):
        """Marks this folder as a stack's, unless it has folders that could be somebody's."""
        if not self.made():
            self.root.mkdir(parents=True, exist_ok=True)
            self.marker.touch()

    def is_ours(self):
        """Tells whether a stack has made this folder. Those of before have no marker, but a supervisor's lock."""
        return self.marker.exists() or self.lock.exists()

    def wipe(self):
        """Deletes what a stack has made here, and nothing else; the caller has stopped all servers. Raises
        PermissionError for a folder that no stack has made."""
        if self.root.is_dir() and any(self.root.iterdir()) and not self.is_ours():
            raise PermissionError(f"MILLRACE_HOME={self.root} wasn't made by Millrace (it has no {self.marker.name}); "
                                  "nothing is deleted")
        for name in FOLDERS:
            if (self.root / name).exists():
                shutil.rmtree(self.root / name)
        self.marker.unlink(missing_ok=True)
        if self.root.is_dir() and not any(self.root.iterdir()):
            self.root.rmdir()


def own_folder(path, mode, servers=False):
    """Makes a folder where it is missing, and sets who may enter it: ours, or the servers' user's. Raises
    PermissionError for a symbolic link in its place."""
    path.mkdir(exist_ok=True)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except NotADirectoryError:
        raise PermissionError(f"{path} is a symbolic link, or not a folder; remove it, or move MILLRACE_HOME") from None
    try:
        if servers:
            give_to_servers(descriptor)
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def open_plain(path, flags, mode=LOG_MODE):
    """Opens a file as bytes, and no symbolic link. A new one has that mode, whatever the umask is."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW, mode)
    if flags & os.O_CREAT:
        os.fchmod(descriptor, mode)
    return os.fdopen(descriptor, "ab" if flags & os.O_APPEND else "wb" if flags & os.O_WRONLY else "rb")


def write_private(path, text, servers=False):
    """Writes a file at once and whole, that only its owner may read: we, or the servers' user. The folder is ours, so
    nothing can be planted in the way."""
    partial = path.with_name(path.name + ".new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
            if servers:
                give_to_servers(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)  # half a file takes room on a full disk
        raise OSError(error.errno, error.strerror, str(path)) from None


def make_server_user():
    """Makes the servers' user where it is needed and missing; services start side by side, so this comes before
    them."""
    if os.geteuid() != 0:
        return
    try:
        pwd.getpwnam(SERVER_USER)
    except KeyError:
        subprocess.run([
            "useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell",
            "/usr/sbin/nologin", SERVER_USER
        ], check=True, stdout=subprocess.DEVNULL)


def server_user():
    """Returns as whom servers are started, as arguments for subprocess; nothing where that is the caller."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(SERVER_USER)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def give_to_servers(descriptor):
    """Makes the servers' user the owner of an open file or folder."""
    user = server_user()
    if user:
        os.fchown(descriptor, user["user"], user["group"])


def as_servers(*command):
    """Runs a command as the servers' user, in whose folders nobody else writes. Raises OSError with what it said where
    it failed."""
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8"}
    done = subprocess.run([*map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd="/",
                          env=environment, **server_user())
    if done.returncode != 0:
        raise OSError(f"{command[0]}: {done.stderr.strip()}")


def user_name(number):
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def servers_can_read(path):
    """Tells whether the servers' user reads a file, or a folder."""
    path = path.resolve()
    return path.exists() and reachable_by_others(
        path.parent) and bool(path.stat().st_mode & 0o004) and (path.is_file() or reachable_by_others(path))
