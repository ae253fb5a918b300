"""Runs the tests of a file against its one stack. A failure shows verify's differences and the ends of the logs of node
and Connect."""
import atexit
import json
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

import stack


class Result(unittest.TextTestResult):
    """Shows why a test fails, and the node's log, at once: the end may be far, and the stack is gone then."""

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.show(test, self.failures)

    def addError(self, test, error):
        super().addError(test, error)
        self.show(test, self.errors)

    def show(self, test, told):
        self.stream.writeln("\n" + told[-1][1])
        running = getattr(test, "stack", None)
        if running:
            for service in ("node", "connect"):
                self.stream.writeln(f"\n--- the end of the log of {service}\n{running.log_tail(service)}")
            self.stream.writeln("---")
            self.stream.flush()


class SystemTest(unittest.TestCase):
    """Gives its tests a stack, as `self.stack`. Classes of a file that want the same kind share one."""

    stack = None
    rate = 0        #: rows a second that the generator writes
    settings = {}   #: names of .env.example
    figures = None  #: folders, else the default

    @classmethod
    def setUpClass(cls):
        cls.stack = _shared(cls.rate, cls.figures, cls.settings)

    @classmethod
    def take_figures(cls, *names):
        """Gives the class a folder of its own, as `folder`, with the shop's figures: all, or these files. To be called
        before the stack starts."""
        parent = pathlib.Path(tempfile.mkdtemp(prefix="millrace-figures-"))
        cls.addClassCleanup(shutil.rmtree, parent, ignore_errors=True)
        parent.chmod(0o755)  # the node's user has to pass
        cls.folder = parent / "figures"
        cls.folder.mkdir()
        for file in (stack.REPOSITORY / "sql" / "figures").glob("*.sql"):
            if not names or file.name in names:
                shutil.copy(file, cls.folder)
        cls.figures = [cls.folder]

    def assert_equal_to_sql(self, wait=90, why=""):
        """Asserts that verify finds every figure in Redis equal to its query. Figures that still fill (exit 2) are
        waited for as long."""
        deadline = time.monotonic() + wait
        while True:
            code, report = self.stack.verify(wait)
            if code != 2 or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        if code != 0:
            self.fail(f"{why}: verify ended with {code}\n{in_words(report)}")
        self.assertGreater(len(report["figures"]), 0, "verify compared no figure")
        return report


_running = []  #: (kind, stack) of the one that is up


def _shared(*kind):
    """Returns the running stack if it is of this kind, else stops it and starts one."""
    if not _running or _running[0][0] != kind:
        _stop()
        rate, figures, settings = kind
        _running.append((kind, stack.Stack(rate, figures, **settings).__enter__()))
    return _running[0][1]


def _stop():
    while _running:
        _running.pop()[1].__exit__(None, None, None)


def in_words(report):
    """Returns the figures of a report that aren't equal, with what verify says of them."""
    bad = [figure for figure in report["figures"] if figure.get("result") != "equal"]
    return report.get("said") or "\n".join(json.dumps(figure, ensure_ascii=False)[:3000] for figure in bad)


class InOrder(unittest.TestLoader):
    """Loads tests in the order in which they are written: some leave the stack as the next one wants it."""

    def getTestCaseNames(self, case):
        return [name for name in vars(case) if name.startswith("test_")]


def main():
    """Runs the tests of the calling script."""
    sys.stdout.reconfigure(line_buffering=True)
    atexit.register(_stop)
    unittest.main(module="__main__", testLoader=InOrder(),
                  testRunner=unittest.TextTestRunner(resultclass=Result, verbosity=2))
