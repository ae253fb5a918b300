#!/usr/bin/env python3
"""Servers outside the cluster, for the overlay `prod`: PostgreSQL and Kafka with TLS and passwords, a Redis with access
lists, Kafka Connect. They are on a machine of their own: a network namespace with a link to this one.

    pods 10.97.0.0/24 --- kube0 :this machine: 10.98.0.1 --- 10.98.0.2 :servers.example.org

Run as a program, this file is that machine: `outside.py SECRETS`, with the folder that k8s/secrets.sh filled. It prints
what clients need, and ends with its input.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
NAME, ADDRESS, GATEWAY, LINK = "servers.example.org", "10.98.0.2", "10.98.0.1", "outside0"
DATABASE, OWNER, REDIS_USER, KAFKA_USER = "shop", "shop", "figures", "millrace"
#: Where docs/kubernetes.md says that Kafka Connect needs Debezium's password and PostgreSQL's certificate.
MOUNTED = ("/debezium/password", "/secrets/postgres-ca.crt")


class Machine:
    """Use as a context: the servers run inside. `told` is what the machine printed."""

    def __init__(self, secrets):
        self.secrets = secrets

    def __enter__(self):
        self.folders = [folder for folder in (pathlib.Path(x).parent for x in MOUNTED) if not folder.exists()]
        for folder in self.folders:
            folder.mkdir()
        self.process = subprocess.Popen(["unshare", "--net", "--mount", sys.executable, HERE / "outside.py",
                                         self.secrets], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.process.stdout.readline()  # it is in its namespace
            self.link()
            self.process.stdin.write("linked\n")
            self.process.stdin.flush()
            self.told = json.loads(self.process.stdout.readline())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(120)
        self.process.stdout.close()
        subprocess.run(["ip", "link", "delete", LINK], capture_output=True)
        for folder in self.folders:
            folder.rmdir()

    def link(self):
        ip = ("ip", "link", "add", LINK, "type", "veth", "peer", "name", "eth0", "netns", str(self.process.pid))
        for words in (ip, ("ip", "address", "add", f"{GATEWAY}/30", "dev", LINK), ("ip", "link", "set", LINK, "up"),
                      (*self.there(), "ip", "link", "set", "lo", "up"),
                      (*self.there(), "ip", "address", "add", f"{ADDRESS}/30", "dev", "eth0"),
                      (*self.there(), "ip", "link", "set", "eth0", "up"),
                      (*self.there(), "ip", "route", "add", "default", "via", GATEWAY)):
            subprocess.run(words, check=True)

    def there(self):
        """Returns the words that have a command run on that machine."""
        return "nsenter", "--net", "--mount", "-t", str(self.process.pid), "--"

    def run(self, *command, environment=None, text=""):
        """Runs a command there and returns what it printed. Raises AssertionError where it fails."""
        done = subprocess.run([*self.there(), *map(str, command)], input=text, capture_output=True, text=True,
                              timeout=120, env={**os.environ, **(environment or {})})
        if done.returncode != 0:
            raise AssertionError(f"{command[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def psql(self, script, database=DATABASE):
        """Runs SQL as the administrator, and returns the rows."""
        environment = {
            "PGHOST": NAME, "PGPORT": self.told["ports"]["POSTGRES"], "PGDATABASE": database,
            "PGUSER": "millrace_admin", "PGPASSWORD": self.told["administrator"], "PGSSLMODE": "verify-full",
            "PGSSLROOTCERT": self.told["authority"]
        }
        return self.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", environment=environment, text=script)

    def redis(self, *words):
        return self.run("redis-cli", "-h", NAME, "-p", self.told["ports"]["REDIS"], *words,
                        environment={"REDISCLI_AUTH": self.told["redis administrator"]})

    def topics(self):
        """Returns Kafka's topics but its own."""
        told = json.loads(self.run("kcat", "-F", self.told["kafka"], "-b", f"{NAME}:{self.told['ports']['KAFKA']}",
                                   "-L", "-J", "-m", "30"))
        return {x["topic"] for x in told["topics"] if not x["topic"].startswith("__")}


def serve(secrets):
    """Is that machine, until the input ends."""
    sys.path.insert(0, str(HERE.parent / "system"))
    import servers
    servers.HOST = NAME
    import connect
    import service
    import settings

    class Postgres(servers.Postgres):
        ACCESS = "hostssl all all all scram-sha-256\nhostssl replication all all scram-sha-256\n"

        def configuration(self):
            return super().configuration() + "listen_addresses = '*'\n"

    class Redis(servers.Redis):
        def configuration(self):
            return super().configuration() + "bind *\n"

    class Connect(connect.Connect):
        def configuration(self):
            # A name that comes twice has what it had last.
            return super().configuration() + service.properties({
                "listeners": f"http://{NAME}:{self.settings['MILLRACE_CONNECT_PORT']}",
                "rest.advertised.host.name": NAME, "config.providers": "dir",
                "config.providers.dir.class": "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
                "config.providers.dir.param.allowed.paths": "/debezium"
            })

        def command(self):
            return servers.tethered(self, super().command())

        def is_ready(self):
            url = f"http://{NAME}:{self.settings['MILLRACE_CONNECT_PORT']}/connectors"
            return service.http_get(url, login=self.settings.connect_login())[0] == 200

    class Outside(servers.Servers):
        def __init__(self):
            owner, user, login = ((name, (secrets / file).read_text().strip())
                                  for name, file in ((OWNER, "postgres-password"), (REDIS_USER, "redis-password"),
                                                     (KAFKA_USER, "node-password")))
            super().__init__(owner, user, login)
            self.ports = {name: self.settings[f"MILLRACE_{name}_PORT"]
                          for name in ("POSTGRES", "REDIS", "KAFKA", "CONNECT")}
            self.properties = self.home / "kafka.properties"
            self.properties.write_text(servers.client_properties(*login, self.authority.certificate))
            found = self.kinds[0].settings
            of_connect = settings.resolve({"KAFKA_BROKER": f"{NAME}:{self.ports['KAFKA']}",
                                           "KAFKA_PROPERTIES_FILE": str(self.properties)}, self.settings)
            self.kinds = (Postgres(found, self.authority), Redis(found), self.kinds[2], Connect(of_connect))
            self.keepers = [servers.keeper.Keeper(kind, lambda: None) for kind in self.kinds]
            self.login = of_connect.connect_login()

        def connect(self):
            pass

        def told(self):
            return {
                "ports": self.ports, "authority": str(self.authority.certificate), "kafka": str(self.properties),
                "administrator": self.secret("POSTGRES_ADMIN_PASSWORD"), "connect": self.login,
                "redis administrator": self.secret("REDIS_PASSWORD")
            }

    outside = Outside()
    hosts = outside.home / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{ADDRESS} {NAME}\n")
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
    mount(secrets, outside.authority.certificate)
    with outside:
        print(json.dumps(outside.told()), flush=True)
        sys.stdin.read()


def mount(secrets, authority):
    """Puts the files that Kafka Connect needs where it looks for them, on this machine alone."""
    for path, source in zip(map(pathlib.Path, MOUNTED), (secrets / "debezium-password", authority)):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", path.parent], check=True)
        shutil.copy(source, path)
        shutil.chown(path, "millrace")
        path.chmod(0o400)


if __name__ == "__main__":
    print("here", flush=True)
    sys.stdin.readline()
    serve(pathlib.Path(sys.argv[1]))
