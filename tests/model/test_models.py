#!/usr/bin/env python3
"""Searches the Promela models whole and convicts each mutant that they name.

ledger.pml: who may write to a cell, and in what order. shard_protocol.pml: the
chain of batches between routers and shards, with each kind of fault alone.
handover.pml: shards and partitions that change hands, every fault any number of times.
Prints a line a search with the states that spin stored. Needs spin and cc.
With --long also ledger.pml with three records (ten million states), and wider
bounds of handover.pml.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS = 1500  # for one search; a search that needs longer fails

# Bounds that keep the whole search short; the file's defaults together take minutes.
LEDGER = {"N": 2, "OWNERS": 2, "CLAIMS": 3, "TICKS": 1, "LOSSES": 1, "LATE": 1, "AGAIN": 1}
LEDGER_LONGER = {**LEDGER, "N": 3, "AGAIN": 0}
LEDGER_MUTANTS = ["COUNTED_EPOCH", "REUSED_TOKEN", "NO_NUMBER", "NO_OWNER"]
FAULTS = {"no fault": (0, 0, 0, 0), "a router crashes": (1, 0, 0, 0), "a shard crashes": (0, 1, 0, 0),
          "the store goes back": (0, 0, 1, 0), "a message is lost": (0, 0, 0, 1)}
PROTOCOL_MUTANTS = ["NO_GAP_CHECK", "NO_COMPARE"]
HANDOVER = {"two routers": {"ROUTERS": 2, "LOSS": 0}, "three nodes": {"NODES": 3, "LOSS": 0},
            "three records, one elsewhere": {"N": 3, "FOREIGN": 4, "LOSS": 0},
            "what is fenced keeps memory": {"LOSS": 0, "LATE": 0, "WHOLE": None}, "the store goes back": {},
            "chains from the offset": {"LATE": 0, "CHAINS_AT_OFFSET": None}}
HANDOVER_LONGER = {"two routers, it goes back": {"ROUTERS": 2, "LATE": 0}}
HANDOVER_MUTANTS = [
    "SAME_TOKEN", "TOKEN_BY_NAME", "READ_FIRST", "KEEPS_MEMORY", "RETRY_STALE", "FENCED_STAYS", "NO_GAP_CHECK",
    "READ_STAYS", "NO_OWED", "NO_OWNER", "START_AT_OFFSET", "KEPT_ONLY", "OLD_NEWS", "SILENT"
]


class Verdict:
    def __init__(self, output):
        self.output = output
        self.whole = ("errors:" in output and "Search not completed" not in output
                      and "max search depth too small" not in output)
        self.errors = int(re.search(r"errors: (\d+)", output).group(1)) if "errors:" in output else -1
        stored = re.search(r"^\s*([\d.e+]+) states, stored", output, re.M)
        self.states = int(float(stored.group(1))) if stored else 0


def search(model, defines):
    """Returns spin's verdict over every run of the model."""
    folder = tempfile.mkdtemp(prefix="millrace-model-")
    try:
        shutil.copy(os.path.join(HERE, model), folder)
        flags = ["-D" + name if value is None else f"-D{name}={value}" for name, value in defines.items()]
        subprocess.run(["spin", *flags, "-a", model], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                       timeout=SECONDS)
        subprocess.run(["cc", "-O2", "-w", "-DSAFETY", "-DMEMLIM=3000", "-o", "pan", "pan.c"], cwd=folder,
                       check=True, timeout=SECONDS)
        ran = subprocess.run(["./pan", "-m1000000"], cwd=folder, capture_output=True, text=True, timeout=SECONDS)
        return Verdict(ran.stdout)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def expect(what, model, defines, convicted):
    """Returns whether the search ends as it should, and says how it ended."""
    begin = time.monotonic()
    verdict = search(model, defines)
    good = verdict.errors > 0 if convicted else verdict.whole and verdict.errors == 0
    ending = "a violation" if verdict.errors > 0 else "no violation" if verdict.whole else "searched in part only"
    print(f"{'ok  ' if good else 'FAIL'} {model:20} {what:28} {verdict.states:>10} states, {ending}"
          f" ({time.monotonic() - begin:.1f} s)", flush=True)
    if not good:
        print(verdict.output)
    return good


def main():
    results = [expect("a flush is sent again", "ledger.pml", LEDGER, False)]
    if "--long" in sys.argv:
        results.append(expect("three records", "ledger.pml", LEDGER_LONGER, False))
    for mutant in LEDGER_MUTANTS:
        results.append(expect(mutant, "ledger.pml", {**LEDGER, mutant: None}, True))
    for what, (rc, sc, rb, lo) in FAULTS.items():
        results.append(expect(what, "shard_protocol.pml", {"RC": rc, "SC": sc, "RB": rb, "LO": lo}, False))
    for mutant in PROTOCOL_MUTANTS:
        results.append(expect(mutant, "shard_protocol.pml", {"RC": 0, "SC": 0, "RB": 1, "LO": 1, mutant: None}, True))
    for what, bounds in {**HANDOVER, **(HANDOVER_LONGER if "--long" in sys.argv else {})}.items():
        results.append(expect(what, "handover.pml", bounds, False))
    for mutant in HANDOVER_MUTANTS:
        results.append(expect(mutant, "handover.pml", {"LATE": 0, mutant: None}, True))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
