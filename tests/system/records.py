"""What the change topics hold, counted, to be held against the engine's own counters: a record lost or taken twice
shows here."""
import collections
import contextlib
import json

import clients
from stack import Late, wait_until


class Records:
    """Reads the topics on from where it stopped; counts the records of each table and operation, and those that tell a
    change again."""

    def __init__(self, kafka, topics):
        self.kafka, self.topics = kafka, topics
        self.next = {}                        #: (topic, partition) -> offset
        self.counts = collections.Counter()   #: (table, operation) -> records
        self.doubled = 0                      #: records of a change that an earlier record told
        self._seen = set()

    def read(self):
        """Reads what is there now; call it when nobody writes."""
        for (topic, partition), end in self.kafka.ends(self.topics).items():
            if end > self.next.get((topic, partition), 0):
                for record in self.kafka.records(topic, self.next.get((topic, partition), 0), partition):
                    self._take(topic.rpartition(".")[2], record)
                    self.next[topic, partition] = record["offset"] + 1
        return self

    def _take(self, table, record):
        if not record.get("payload"):
            return  # a tombstone
        change = json.loads(record["payload"])
        operation, source = change["op"], change["source"]
        self.counts[table, operation] += 1
        if operation in "cud":  # one change of a row: its place in the log, and its key
            told = hash((table, operation, source["lsn"], source["txId"], record["key"]))
            self.doubled += told in self._seen
            self._seen.add(told)

    def against(self, redis):
        """Returns {(table, operation): (in the topics, counted by the engine)} where the two differ."""
        counted = {(table, operation): int(redis("GET", f"cdc:stats:{table}:{operation}") or 0)
                   for table in (topic.rpartition(".")[2] for topic in self.topics) for operation in "curdt"}
        return {what: (self.counts[what], number) for what, number in counted.items() if self.counts[what] != number}


@contextlib.contextmanager
def quiet_generator(stack):
    """The generator pauses inside: a reader of a topic that is written to never comes to its end."""
    def pause(wanted):
        answer = clients.http(f"http://127.0.0.1:{stack.settings['MILLRACE_GENERATOR_PORT']}/control",
                              {"pause": wanted}, "POST", seconds=30,
                              authorization=f"Bearer {stack.endpoints['MILLRACE_HTTP_TOKEN']}")
        assert (answer or {}).get("paused") == wanted or not answer, answer

    pause(True)
    try:
        yield
    finally:
        pause(False)


class EveryRecordCountsOnce:
    """For a test: holds the engine's counters of records against what the topics hold."""

    lost = doubled = 0

    def assert_every_record_counted_once(self, read, why):
        with quiet_generator(self.stack):
            try:
                wait_until("every record is counted", lambda: not read.read().against(self.stack.redis), 60, pause=0.5)
            except Late:
                differing = read.against(self.stack.redis)
                self.lost = sum(max(0, there - counted) for there, counted in differing.values())
                self.doubled = sum(max(0, counted - there) for there, counted in differing.values())
                self.fail(f"{why}: records of a table and operation (in the topics, counted): {differing}")
        self.assertEqual(read.doubled, 0, f"{why}: with exactly-once support Debezium sent records again")
