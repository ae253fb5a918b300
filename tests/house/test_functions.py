#!/usr/bin/env python3
"""The order of the functions that Redis runs: what a file uses stands before it, and a mistake in the first lines fails
the build."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FUNCTIONS = ROOT / "actors" / "redis" / "functions"


def embed(folder, out):
    return subprocess.run(["cmake", f"-DOUT={out}", f"-DDIR={folder}", "-P",
                           str(ROOT / "cmake" / "embed.cmake")], capture_output=True, text=True)


class Functions(unittest.TestCase):
    def order_of(self, **files):
        """Returns (order of the files by their stems, what CMake said)."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                pathlib.Path(folder, f"{name}.lua").write_text(text)
            out = pathlib.Path(folder, "out.cpp")
            done = embed(folder, out)
            lines = out.read_text().splitlines() if out.exists() else []
            return [line.split()[2].removesuffix("_text[]")
                    for line in lines
                    if line.startswith("const char ")], " ".join(done.stderr.split())

    def test_a_file_stands_after_those_it_uses(self):
        self.assertEqual(self.order_of(a="-- uses: b, c\n", b="-- uses: c\nc.x()\n", c="local c = {}\n"),
                         (["c", "b", "a"], ""))

    def test_every_function_is_in_the_library(self):
        files = {path.stem: path.read_text() for path in FUNCTIONS.glob("*.lua")}
        order, said = self.order_of(**files)
        self.assertEqual((sorted(order), said), (sorted(files), ""))
        self.assertLess(order.index("decimal"), order.index("rollups"))

    def test_a_circle_fails_the_build(self):
        self.assertIn("use each other in a circle: a;b", self.order_of(a="-- uses: b\n", b="-- uses: a\n")[1])

    def test_an_unknown_name_fails_the_build(self):
        self.assertIn("a.lua uses decimals: there is no decimals.lua", self.order_of(a="-- uses: decimals\n")[1])

    def test_a_call_that_the_first_line_does_not_name_fails_the_build(self):
        self.assertIn("a.lua calls b", self.order_of(a="-- as b.x does\nlocal y = b.x()\n", b="")[1])


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
