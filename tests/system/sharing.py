"""For tests of several nodes on one machine: who has which part of the work."""
import json
import os
import random
import time

import running
from stack import wait_until

SEED = int(os.environ.get("MILLRACE_SEED") or 0) or int.from_bytes(os.urandom(4), "big")
SHARDS = 32  #: and as many partitions


class SharingTest(running.SystemTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dice = random.Random(SEED)
        print(f"seed {SEED}: run again with MILLRACE_SEED={SEED}", flush=True)

    def table(self):
        """Returns what `nodes list` shows, by name."""
        return {row["name"]: row for row in json.loads(self.stack.door("nodes", "list", "--json").stdout)}

    def wait_for_owners(self, *which, seconds=60):
        """Returns how long it takes until these nodes, or all, serve every shard and read every source between them."""
        began = time.monotonic()

        def shared():
            table = self.table()
            rows = [table[name] for name in which or table if name in table]
            parts = [row["shards"] for row in rows]
            # While shards go from one node to another their sum is right, too.
            return (len(rows) >= len(which)
                    and all(sum(row[what] for row in rows) == SHARDS for what in ("shards", "sources"))
                    and max(parts) - min(parts) <= 1)

        wait_until(f"{which or 'all nodes'} have all shards and sources", shared, seconds)
        return time.monotonic() - began
