"""Stops a stack whose tests were killed: waits until its input ends, then takes down what still runs. Arguments:
MILLRACE_HOME, the front door, its words for the stack."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys

for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    signal.signal(ignored, signal.SIG_IGN)
sys.stdin.buffer.read()
home = pathlib.Path(sys.argv[1])
keep = os.environ.get("MILLRACE_TEST_KEEP")
if (home / "run").is_dir():
    subprocess.run([*sys.argv[2:], "down", *([] if keep else ["--wipe"])], stdin=subprocess.DEVNULL)
if not keep:
    shutil.rmtree(home, ignore_errors=True)
