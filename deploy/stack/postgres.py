"""PostgreSQL 15 with a data folder of our own: logical decoding on, loopback only, passwords only (SCRAM)."""
import contextlib
import os
import pathlib
import signal
import subprocess
import time

import home
import settings as settings_module
from service import MEGABYTE, Service, ServiceError, write_config

SUPERUSER = "millrace_admin"
INIT_SQL = settings_module.REPOSITORY / "sql" / "init.sql"

# max_slot_wal_keep_size: a slot that nobody reads keeps WAL. Past this bound PostgreSQL gives the slot up, which
# Millrace takes as an alarm
# and a new snapshot; without a bound the disk fills, and the shop itself stops.
CONFIGURATION = """\
include '{data}/postgresql.conf'
data_directory = '{data}'
hba_file = '{config}/pg_hba.conf'
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
wal_level = logical
max_wal_senders = 10
max_replication_slots = 10
max_slot_wal_keep_size = '{keep}'
max_connections = 100
shared_buffers = '128MB'
max_wal_size = '2GB'
timezone = 'UTC'
log_timezone = 'UTC'
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] %q%u@%d '
log_checkpoints = off
"""

ACCESS = """\
host all         all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""

ENSURE_OWNER = """\
SELECT format('CREATE ROLE %I LOGIN', :'owner') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \\gexec
ALTER ROLE :"owner" LOGIN PASSWORD :'owner_password';
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \\gexec
"""

ENSURE_SHOP = """\
\\connect :"database"
SET search_path = public, pg_temp; -- the database's own setting can name a schema with another pg_publication
-- Not where its schema is: the owner may have put triggers there, which would run as the administrator.
SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = 'millrace_' || :'project')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'millrace') AS is_new \\gset
\\if :is_new
  \\echo the database is new: running init.sql
  \\ir :init
\\else
  ALTER ROLE :"debezium_role" PASSWORD :'debezium_password';
  ALTER ROLE :"node_role" PASSWORD :'node_password';
\\endif
"""


def binaries():
    """Returns the folder of PostgreSQL's programs: 15 where it is there, else the newest."""
    folders = sorted(
        pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: (path.parts[-2] == "15", path.parts[-2]))
    if not folders:
        raise ServiceError("PostgreSQL's programs are missing: no /usr/lib/postgresql/*/bin (package postgresql-15)")
    return folders[-1]


def quoted(text):
    """Returns a text as psql's \\set takes it: in one line."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n").replace("\r", "\\r") + "'"


class Postgres(Service):
    name = "postgres"
    title = "PostgreSQL"
    packages = ("postgres",)
    memory = 250 * MEGABYTE
    stop_signal = signal.SIGINT  # "fast": ends the sessions; SIGTERM would wait for them
    stop_seconds = 40

    def data(self):
        return self.home.root / "postgres" / "data"

    def ports(self):
        return {"MILLRACE_POSTGRES_PORT": self.settings.number("POSTGRES_PORT")}

    def prepare(self):
        folder, config = self.home.server_folder("postgres"), self.home.config_folder(self.name)
        if not self.data().exists():
            self.create(folder)
        write_config(config / "postgresql.conf", self.configuration())
        write_config(config / "pg_hba.conf", ACCESS)

    def configuration(self):
        return CONFIGURATION.format(data=self.data(), config=self.config_folder(), port=self.settings["POSTGRES_PORT"],
                                    keep=self.settings["MILLRACE_SLOT_WAL_KEEP"])

    def create(self, folder):
        """Makes the data folder beside its place and moves it there, so that half a one is never taken for a whole."""
        partial, password = folder / "data.new", self.config_folder() / "password"
        home.as_servers("rm", "-rf", "--", partial)
        write_config(password, self.home.secret("POSTGRES_ADMIN_PASSWORD") + "\n")
        command = [binaries() / "initdb", "-D", partial, "-U", SUPERUSER, "--pwfile", password, "--auth=scram-sha-256",
                   "--encoding=UTF8", "--locale=C.UTF-8"]
        made = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=self.environment(),
                              **self.user())
        password.unlink()
        if made.returncode != 0:
            raise ServiceError(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")
        home.as_servers("mv", "-T", "--", partial, self.data())

    def command(self):
        return [
            str(binaries() / "postgres"), "-D",
            str(self.data()), "-c", f"config_file={self.config_folder() / 'postgresql.conf'}"
        ]

    def identity(self):
        return {"settings": [self.command(), self.configuration()]}

    def folder(self):
        return self.home.root / "postgres"

    def is_ready(self):
        asked = subprocess.run(
            [binaries() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", self.settings["POSTGRES_PORT"], "-t", "1"])
        return asked.returncode == 0

    def set_up(self):
        """Makes the database and its owner. The shop's gets its roles, their passwords, and init.sql where it is new; a
        project's `prepare` comes later."""
        values = {
            "owner": "POSTGRES_USER", "owner_password": "POSTGRES_PASSWORD", "database": "POSTGRES_DB",
            "project": "MILLRACE_PROJECT", "debezium_role": "MILLRACE_DEBEZIUM_USER",
            "debezium_password": "MILLRACE_DEBEZIUM_PASSWORD", "node_role": "MILLRACE_NODE_USER",
            "node_password": "MILLRACE_NODE_PASSWORD"
        }
        # Variables go through psql's input: its arguments could be read by anybody on the machine.
        script = "".join(f"\\set {name} {quoted(self.settings[setting])}\n" for name, setting in values.items())
        script += f"\\set init {quoted(str(INIT_SQL))}\n" + ENSURE_OWNER + (""
                                                                            if self.settings.project() else ENSURE_SHOP)
        self.psql(script, "postgres")

    def prepare_database(self, script):
        """Runs what `millrace prepare` says, as the administrator."""
        values = {"debezium_password": "MILLRACE_DEBEZIUM_PASSWORD", "node_password": "MILLRACE_NODE_PASSWORD"}
        self.psql(
            "".join(f"\\set {name} {quoted(self.settings[setting])}\n" for name, setting in values.items()) + script,
            self.settings["POSTGRES_DB"])

    def become_psql(self, arguments):
        """Becomes a psql that is the administrator's, in the stack's database unless told another."""
        environment = {
            **os.environ, "PGHOST": "127.0.0.1", "PGPORT": self.settings["POSTGRES_PORT"], "PGUSER": SUPERUSER,
            "PGDATABASE": self.settings["POSTGRES_DB"], "PGPASSWORD": self.home.secret("POSTGRES_ADMIN_PASSWORD")
        }
        os.execve(binaries() / "psql", ["psql", *arguments], environment)

    def psql(self, script, database):
        environment = {**self.environment(), "PGPASSWORD": self.home.secret("POSTGRES_ADMIN_PASSWORD")}
        command = [
            binaries() / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
            self.settings["POSTGRES_PORT"], "-U", SUPERUSER, "-d", database
        ]
        done = subprocess.run(command, input=script, capture_output=True, text=True, env=environment)
        if done.returncode != 0:
            raise ServiceError(f"the database could not be set up: {done.stderr.strip()}")

    @contextlib.contextmanager
    def alone(self):
        """Runs the server for as long as the block lasts, for a verb that needs nothing else."""
        self.home.make()
        self.prepare()
        with self.home.open_log(self.name) as log:
            process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       cwd=self.folder(), env=self.environment(), start_new_session=True, **self.user())
        try:
            deadline = time.monotonic() + self.settings.number("MILLRACE_START_SECONDS")
            while not self.is_ready():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise ServiceError(f"PostgreSQL didn't start; see {self.home.log(self.name)}")
                time.sleep(0.1)
            self.set_up()
            yield
        finally:
            process.send_signal(self.stop_signal)
            try:
                process.wait(self.stop_seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
