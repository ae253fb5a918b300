"""Servers as somebody else runs them: PostgreSQL and Kafka that take nobody without TLS and a password, Redis with a
user of its access lists.

They are the kinds that the front door starts, told otherwise: each on the loopback, kept by the same keeper, and gone
with the test's process.
"""
import base64
import hashlib
import os
import shutil
import subprocess
import sys

import clients
import stack

sys.path.insert(0, str(stack.REPOSITORY / "deploy" / "stack"))

import connect  # noqa: E402
import home  # noqa: E402
import kafka  # noqa: E402
import keeper  # noqa: E402
import postgres  # noqa: E402
import redis  # noqa: E402
import service  # noqa: E402
import settings  # noqa: E402

HOST = "localhost"  #: the name that certificates are for
LOGIN = "org.apache.kafka.common.security"
SCRAM, ITERATIONS = "SCRAM-SHA-256", 4096


def tethered(server, command):
    """Returns the command of a server that the kernel ends with us, however we end."""
    return ["setpriv", "--pdeathsig", server.stop_signal.name.removeprefix("SIG"), "--", *command]


def quoted(text):
    """Returns a text for a login module's quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def salted(name, password):
    """Returns a user's SCRAM credential as Kafka's tools take it; nobody can read the password from it."""
    salt = os.urandom(16)
    made = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    salt, made = base64.b64encode(salt).decode(), base64.b64encode(made).decode()
    return f'{SCRAM}=[name={name},iterations={ITERATIONS},salt="{salt}",saltedpassword="{made}"]'


def client_properties(name, password, certificate, mechanism="PLAIN"):
    """Returns a file of librdkafka's properties, which are Millrace's too."""
    return (f"security.protocol=sasl_ssl\nsasl.mechanisms={mechanism}\nsasl.username={name}\nsasl.password={password}\n"
            f"ssl.ca.location={certificate}\n")


class Authority:
    """A certificate authority of a test's own. `certificate` is what clients are told to trust."""

    NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

    def __init__(self, folder):
        self.folder, self.certificate = folder, folder / "ca.pem"
        self.openssl("req", "-x509", *self.NEW_KEY, "-keyout", folder / "ca.key", "-out", self.certificate, "-days",
                     "2", "-subj", "/CN=An authority of a test")

    def sign(self, name):
        """Makes a key and a certificate for HOST, and returns their text."""
        key, request, made = (self.folder / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
        self.openssl("req", *self.NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={HOST}", "-addext",
                     f"subjectAltName=DNS:{HOST}")
        self.openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.folder / "ca.key",
                     "-CAcreateserial", "-days", "2", "-copy_extensions", "copy", "-out", made)
        return key.read_text(), made.read_text()

    def openssl(self, *words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Postgres(postgres.Postgres):
    """Takes no connection without TLS and SCRAM."""

    ACCESS = "hostssl all all 127.0.0.1/32 scram-sha-256\nhostssl replication all 127.0.0.1/32 scram-sha-256\n"

    def __init__(self, settings_, authority):
        super().__init__(settings_)
        self.authority = authority

    def prepare(self):
        super().prepare()
        for name, text in zip(("server.key", "server.pem"), self.authority.sign("postgres")):
            service.write_config(self.config_folder() / name, text)
        service.write_config(self.config_folder() / "pg_hba.conf", self.ACCESS)

    def configuration(self):
        folder = self.config_folder()
        return (super().configuration()
                + f"ssl = on\nssl_key_file = '{folder}/server.key'\nssl_cert_file = '{folder}/server.pem'\n")

    def command(self):
        return tethered(self, super().command())

    def set_up(self):
        """Makes the database and its owner, and nothing of Millrace's."""
        names = {"owner": "POSTGRES_USER", "owner_password": "POSTGRES_PASSWORD", "database": "POSTGRES_DB"}
        self.psql(
            "".join(f"\\set {name} {postgres.quoted(self.settings[setting])}\n" for name, setting in names.items()) +
            postgres.ENSURE_OWNER, "postgres")


class Kafka(kafka.Kafka):
    """Has one listener for clients: TLS, and a login by PLAIN or SCRAM. Topics come by themselves, as they do in a
    Kafka as it is delivered."""

    def __init__(self, settings_, authority, users):
        """`users`: passwords by name; the broker itself is one."""
        super().__init__(settings_)
        self.authority, self.users = authority, users

    def listener(self):
        return f"{HOST}:{self.settings['MILLRACE_KAFKA_PORT']}"

    def configuration(self):
        known = " ".join(f'user_{name}="{quoted(password)}"' for name, password in self.users.items())
        login = connect.escaped(
            f'{LOGIN}.plain.PlainLoginModule required username="broker" password="{self.users["broker"]}" {known};')
        # A name that comes twice has what it had last.
        return super().configuration() + service.properties({
            "listeners": f"SASL_SSL://{self.listener()},"
                         f"CONTROLLER://127.0.0.1:{self.settings['MILLRACE_KAFKA_CONTROLLER_PORT']}",
            "advertised.listeners": f"SASL_SSL://{self.listener()}",
            "listener.security.protocol.map": "SASL_SSL:SASL_SSL,CONTROLLER:SASL_PLAINTEXT",
            "inter.broker.listener.name": "SASL_SSL", "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "listener.name.sasl_ssl.sasl.enabled.mechanisms": f"PLAIN,{SCRAM}",
            "listener.name.sasl_ssl.plain.sasl.jaas.config": login,
            f"listener.name.sasl_ssl.{SCRAM.lower()}.sasl.jaas.config": f"{LOGIN}.scram.ScramLoginModule required;",
            "auto.create.topics.enable": "true", "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.config_folder() / "server.keystore.pem", "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.config_folder() / "ca.pem"
        })

    def prepare(self):
        self.home.config_folder(self.name)
        service.write_config(self.config_folder() / "server.keystore.pem", "".join(self.authority.sign("kafka")))
        service.write_config(self.config_folder() / "ca.pem", self.authority.certificate.read_text())
        super().prepare()

    def java(self, main_class, *arguments, **more):
        """The tool that formats is told of SCRAM's users."""
        told = [word for name, password in self.users.items()
                for word in ("--add-scram", salted(name, password))] if arguments[:1] == ("format", ) else []
        return super().java(main_class, *arguments, *told, **more)

    def command(self):
        return tethered(self, super().command())

    def is_ready(self):
        try:
            return self.client().partitions("") is not None
        except (OSError, subprocess.SubprocessError):
            return False

    def client(self):
        """Returns a client that logs in as the broker does."""
        file = self.home.root / "broker.properties"
        if not file.is_file():
            home.write_private(file, client_properties("broker", self.users["broker"], self.authority.certificate))
        return clients.Kafka(self.listener(), file)


class Redis(redis.Redis):
    """Knows users by its access lists; the default one has a password of its own."""

    def command(self):
        return tethered(self, super().command())


class Servers(stack.Stack):
    """Use as a context: the three servers run inside. `owner`, `user` and `login` are (name, password) in PostgreSQL,
    Redis and Kafka."""

    def __init__(self, owner, user, login):
        super().__init__()
        self.owner, self.user, self.login = owner, user, login
        self.endpoints = {
            "POSTGRES_HOST": HOST, "POSTGRES_PORT": self.settings["MILLRACE_POSTGRES_PORT"], "POSTGRES_USER": owner[0],
            "POSTGRES_PASSWORD": owner[1]
        }
        found = settings.resolve({"POSTGRES_USER": owner[0], "POSTGRES_PASSWORD": owner[1], "POSTGRES_DB": "postgres"},
                                 self.settings)
        found.home.make()
        self.authority = Authority(self.home)
        users = {"broker": os.urandom(12).hex(), login[0]: login[1]}
        self.kinds = Postgres(found, self.authority), Redis(found), Kafka(found, self.authority, users)
        self.keepers = [keeper.Keeper(kind, lambda: None) for kind in self.kinds]

    def __enter__(self):
        self.watch_over()
        for one in self.keepers:
            one.start()
        try:
            for one in self.keepers:
                stack.wait_until(f"{one.service.title} is up", lambda: one.state == "ready", 180)
            self.connect()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def connect(self):
        """Makes the clients: Redis's is its administrator's, Kafka's logs in as the broker does."""
        self.redis = clients.Redis(int(self.settings["MILLRACE_REDIS_PORT"]), self.secret("REDIS_PASSWORD"))
        self.kafka = self.kinds[-1].client()

    def __exit__(self, *_):
        for one in reversed(self.keepers):
            one.stop()
        if os.environ.get("MILLRACE_TEST_KEEP"):
            print(f"kept: {self.home}", file=sys.stderr)
        else:
            shutil.rmtree(self.home, ignore_errors=True)
        self.guard.close()

    def libpq_environment(self, database):
        return {
            **super().libpq_environment(database), "PGSSLMODE": "verify-full",
            "PGSSLROOTCERT": str(self.authority.certificate)
        }

    def as_administrator(self, *arguments, database="postgres"):
        """Runs psql as the administrator."""
        environment = {
            **self.libpq_environment(database), "PGUSER": postgres.SUPERUSER,
            "PGPASSWORD": self.secret("POSTGRES_ADMIN_PASSWORD")
        }
        return subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *map(str, arguments)], env=environment,
                              check=True, capture_output=True, text=True)
