"""Small clients of the servers under test: Redis by its own protocol, PostgreSQL by one long-lived psql, Kafka by kcat,
HTTP as JSON."""
import base64
import contextlib
import json
import select
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request


class RedisError(Exception):
    """Redis refused a command; the text is Redis's."""


class Redis:
    """One connection, made again when it was lost. Values are text. `login`: a password, or a user's name before it."""

    def __init__(self, port, *login, database=0):
        self.address, self.login, self.database, self.stream = ("127.0.0.1", port), login, database, None

    def __call__(self, *words):
        """Returns the reply to a command. Raises RedisError, or OSError where Redis isn't there."""
        try:
            if self.stream is None:
                self._connect()
            return self._ask(words)
        except (OSError, EOFError) as error:
            self.close()
            raise OSError(f"Redis: {error}") from None

    def close(self):
        if self.stream is not None:
            with contextlib.suppress(OSError):
                self.stream.close()
            self.stream = None

    def _connect(self):
        connection = socket.create_connection(self.address, timeout=10)
        self.stream = connection.makefile("rwb")
        connection.close()  # the stream keeps it open
        self._ask(("AUTH", *self.login))
        if self.database:
            self._ask(("SELECT", self.database))

    def _ask(self, words):
        encoded = [str(word).encode() for word in words]
        self.stream.write(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word)
                                                               for word in encoded))
        self.stream.flush()
        return self._reply()

    def _reply(self):
        line = self.stream.readline()
        if not line:
            raise EOFError("the connection was closed")
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise RedisError(rest)
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == "-1" else self.stream.read(int(rest) + 2)[:-2].decode("utf-8", "surrogateescape")
        # An error within an array is an element, so that the rest of it is read.
        return [self._element() for _ in range(max(0, int(rest)))]

    def _element(self):
        try:
            return self._reply()
        except RedisError as error:
            return error


class SqlError(Exception):
    """PostgreSQL refused a statement, or isn't there; the text is psql's."""


class Sql:
    """One psql that stays connected, so that a statement takes a millisecond. A lost connection is made again by the
    next call."""

    END = "__end_of_answer__"

    def __init__(self, environment):
        self.environment, self.process = environment, None

    def __call__(self, script, seconds=120):
        """Runs statements; returns the rows as lists of text, NULL as None. Raises SqlError; then the session is a new
        one."""
        if self.process is None:
            self._start()
        try:
            # behind COPY's data psql takes an empty statement for more of them
            end = "" if script.endswith("\\.\n") else "\n;\n"
            self.process.stdin.write(f"{script}{end}\\echo {self.END}\n")
            self.process.stdin.flush()
            return self._rows(seconds)
        except (OSError, EOFError):
            raise SqlError(self.close() or "psql ended") from None

    def one(self, script):
        """Returns the only value of the only row."""
        return self(script)[0][0]

    def close(self):
        """Ends the session. Returns what psql said on its error output."""
        process, self.process = self.process, None
        if process is None:
            return ""
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        with process.stderr:
            return process.stderr.read().strip()

    def _start(self):
        command = ["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-P", "null=\x1e", "-v", "ON_ERROR_STOP=1"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, bufsize=1, env=self.environment, encoding="utf-8")

    def _rows(self, seconds):
        rows = []
        while True:
            if not select.select([self.process.stdout], [], [], seconds)[0]:
                self.process.kill()
                raise EOFError
            # Values with line ends are not for this client.
            while True:
                line = self.process.stdout.readline()
                if not line:
                    raise EOFError
                if line.rstrip("\n") == self.END:
                    return rows
                rows.append([None if value == "\x1e" else value for value in line.rstrip("\n").split("\x1f")])


class Kafka:
    """What kcat does: end offsets, reading and writing records. `properties`: a file of librdkafka's, for a broker with
    TLS and SASL."""

    def __init__(self, broker, properties=None):
        self.broker = broker
        self.kcat = ["kcat", *(["-F", str(properties)] if properties else []), "-b", broker]

    def run(self, *arguments, data=None, seconds=120):
        done = subprocess.run([*self.kcat, *arguments], input=data, capture_output=True, timeout=seconds)
        if done.returncode != 0:
            raise OSError("kcat: " + done.stderr.decode("utf-8", "replace").strip())
        return done.stdout

    def partitions(self, prefix):
        """Returns {topic: number of partitions} of the topics whose name begins so."""
        found = json.loads(self.run("-L", "-J"))
        return {
            topic["topic"]: len(topic["partitions"]) for topic in found["topics"] if topic["topic"].startswith(prefix)
        }

    def ends(self, topics):
        """Returns {(topic, partition): offset that comes next}."""
        wanted = [(topic, partition) for topic, count in topics.items() for partition in range(count)]
        asked = [word for topic, partition in wanted for word in ("-t", f"{topic}:{partition}:-1")]
        ends = {}
        for line in self.run("-Q", *asked).decode().splitlines():
            name, _, offset = line.rpartition(" offset ")
            topic, _, partition = name.rpartition(" [")
            ends[topic, int(partition.rstrip("]"))] = int(offset)
        return ends

    def records(self, topic, start="beginning", partition=None):
        """Yields every committed record of a topic as kcat -J tells it, from `start` to the end as it is now."""
        where = [] if partition is None else ["-p", str(partition)]
        process = subprocess.Popen([*self.kcat, "-C", "-q", "-e", "-J", "-t", topic, "-o", str(start), *where,
                                    "-X", "fetch.message.max.bytes=67108864", "-X", "isolation.level=read_committed"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with process.stdout:
            for line in process.stdout:
                yield json.loads(line)
        if process.wait() != 0:
            raise OSError(f"kcat could not read {topic}")

    def produce(self, topic, partition, value, key=None):
        """Writes one record and returns its offset. `value` and `key` are bytes; a key must not hold a NUL."""
        before = self.ends({topic: partition + 1})[topic, partition]
        with_key = [] if key is None else ["-k", key.decode()]
        to = ("-P", "-t", topic, "-p", str(partition), *with_key)
        if len(value) < 1 << 20:
            self.run(*to, "-D", "\\0", data=value)
        else:  # kcat looks for the end of a long one again and again
            with tempfile.NamedTemporaryFile() as file:
                file.write(value)
                file.flush()
                self.run(*to, "-X", "message.max.bytes=67108864", file.name)
        return before


def basic(user, password):
    """Returns the header Authorization of HTTP's Basic scheme."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def http(url, body=None, method=None, seconds=10, authorization=None):
    """Returns the JSON of an answer, whatever its code, or None where nobody answers. `authorization`: the header of
    that name."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **({"Authorization": authorization} if authorization else {})}
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=seconds) as reply:
            return json.loads(reply.read() or b"null")
    except urllib.error.HTTPError as error:
        with contextlib.suppress(ValueError):
            return json.loads(error.read() or b"null")
    except (OSError, ValueError):
        pass
    return None
