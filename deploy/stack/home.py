"""Where a stack keeps what it makes: data, logs, secrets, and the control channel; and as whom its servers run."""
import hashlib
import os
import pathlib
import pwd
import secrets
import shutil
import subprocess

#: As whom the servers run when root starts them; PostgreSQL refuses root. Whoever isn't root runs them under its own name.
SERVER_USER = "millrace"


def reachable_by_others(path):
    """Tells whether another user gets as far as `path`: every folder on the way lets others pass."""
    path = path.absolute()
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents) if part.exists())


def cache_folder():
    """Returns where downloads are kept, outside of any build. Root's own cache is closed to the servers' user, so root has the machine's."""
    if os.environ.get("MILLRACE_CACHE"):
        return pathlib.Path(os.environ["MILLRACE_CACHE"]).absolute()
    own = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "millrace"
    return own if os.geteuid() != 0 or reachable_by_others(own) else pathlib.Path("/var/cache/millrace")


class Home:
    """The folder MILLRACE_HOME. Default: .millrace in the repository; for root, where the servers' user can't reach that, one under /var/lib."""

    def __init__(self, given, repository):
        root = pathlib.Path(given).absolute() if given else repository / ".millrace"
        if not given and os.geteuid() == 0 and not root.exists() and not reachable_by_others(repository):
            name = hashlib.sha256(str(repository).encode()).hexdigest()[:8]
            root = pathlib.Path("/var/lib/millrace") / f"{repository.name}-{name}"
        self.root = root
        self.run = root / "run"
        self.logs = root / "logs"
        self.secrets = root / "secrets"
        self.state = self.run / "state.json"
        self.shared_settings = self.run / "settings.json"
        self.socket = self.run / "control.sock"
        self.lock = self.run / "supervisor.lock"
        self.connector_secrets = root / "connect" / "secrets.properties"  #: what the connector's configuration refers to

    def make(self):
        """Makes the folders and the servers' user. Raises PermissionError where that user couldn't reach them."""
        self.root.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0 and not reachable_by_others(self.root):
            raise PermissionError(f"MILLRACE_HOME={self.root} lies where the user {SERVER_USER} can't go; choose a folder that others may enter")
        for folder, mode in ((self.run, 0o700), (self.secrets, 0o700), (self.logs, 0o755)):
            folder.mkdir(exist_ok=True)
            folder.chmod(mode)
        make_server_user()

    def log(self, service):
        return self.logs / f"{service}.log"

    def secret(self, name):
        """Returns a secret of this stack, made up at the first call and kept in a file that only its owner reads."""
        path = self.secrets / name
        if not path.is_file():
            self.secrets.mkdir(parents=True, exist_ok=True)
            self.secrets.chmod(0o700)
            write_private(path, secrets.token_hex(24) + "\n")
        return path.read_text().strip()

    def server_folder(self, name):
        """Makes and returns a folder that belongs to the servers' user alone."""
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        give_to_servers(folder)
        folder.chmod(0o700)
        return folder

    def wipe(self):
        """Deletes what a stack has made here, and nothing else; the caller has stopped all servers."""
        for name in ("run", "logs", "secrets", "bin", "postgres", "redis", "kafka", "connect"):
            if (self.root / name).exists():
                shutil.rmtree(self.root / name)
        if self.root.is_dir() and not any(self.root.iterdir()):
            self.root.rmdir()


def write_private(path, text):
    """Writes a file that only its owner may read, at once and whole."""
    partial = path.with_name(path.name + ".new")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.replace(partial, path)


def make_server_user():
    """Makes the servers' user where it is needed and missing; services start side by side, so this comes before them."""
    if os.geteuid() != 0:
        return
    try:
        pwd.getpwnam(SERVER_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SERVER_USER],
                       check=True, stdout=subprocess.DEVNULL)


def server_user():
    """Returns as whom servers are started, as arguments for subprocess; nothing where that is the caller."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(SERVER_USER)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def give_to_servers(path):
    """Makes the servers' user the owner of `path`."""
    user = server_user()
    if user:
        os.chown(path, user["user"], user["group"])
