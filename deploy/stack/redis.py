"""Redis with an append-only file: what it holds is the truth about what was applied, so nothing is evicted and nothing
is snapshotted aside."""
import socket

from service import MEGABYTE, Service, write_config

# aof-load-truncated: a tail that was lost in a crash is lost as a whole step, and Millrace applies it again.
CONFIGURATION = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass "{password}"
dir "{folder}"
daemonize no
save ""
appendonly yes
appendfsync everysec
aof-load-truncated yes
maxmemory-policy noeviction
"""


def escaped(text):
    return text.replace("\\", "\\\\").replace('"', '\\"')


class Redis(Service):
    name = "redis"
    title = "Redis"
    packages = ("redis",)
    memory = 250 * MEGABYTE

    def ports(self):
        return {"MILLRACE_REDIS_PORT": self.settings.number("REDIS_PORT")}

    def folder(self):
        return self.home.root / "redis"

    def prepare(self):
        self.home.server_folder("redis")
        write_config(self.home.config_folder(self.name) / "redis.conf", self.configuration())

    def configuration(self):
        return CONFIGURATION.format(port=self.settings["REDIS_PORT"], password=escaped(self.settings["REDIS_PASSWORD"]),
                                    folder=self.folder())

    def command(self):
        return ["/usr/bin/redis-server", str(self.config_folder() / "redis.conf")]

    def identity(self):
        return {"settings": [self.command(), self.configuration()]}

    def is_ready(self):
        """Tells whether it answers PING; while it loads its file it answers, but not with PONG."""
        try:
            with socket.create_connection(("127.0.0.1", self.settings.number("REDIS_PORT")), timeout=1) as connection:
                connection.sendall(command("AUTH", self.settings["REDIS_PASSWORD"]) + command("PING"))
                with connection.makefile("rb") as replies:
                    return replies.readline() == b"+OK\r\n" and replies.readline() == b"+PONG\r\n"
        except OSError:
            return False


def command(*words):
    """Returns a command as Redis reads it."""
    encoded = [word.encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)
