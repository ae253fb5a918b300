#!/usr/bin/env python3
"""Both overlays of k8s/ on a real Kubernetes.

    deploy/millrace test kubernetes

cluster.sh starts a cluster of one node; its images are built as for tests/compose. dev.py and prod.py have the tests.
"""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import cluster  # noqa: E402
import dev  # noqa: E402
import install  # noqa: E402
import prod  # noqa: E402
import tools  # noqa: E402


def setUpModule():
    folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="millrace-kubernetes-")))
    install.apt(["postgres", "redis", "java", "kubernetes"])  # the servers outside, and what asks them
    cluster.run(cluster.HERE / "cluster.sh", "build", seconds=7200)
    cluster.build_images(folder)
    unittest.addModuleCleanup(cluster.stop)
    cluster.start(folder)
    dev.Dev.sources = prod.Prod.sources = tools.Manifests(folder / "sources").folder


class Dev(dev.Dev):
    """Of this module, whose set-up comes first."""


class Prod(prod.Prod):
    """As above."""


if __name__ == "__main__":
    try:
        unittest.main(verbosity=2, failfast=True)
    finally:
        unittest.doModuleCleanups()  # after Ctrl-C too
