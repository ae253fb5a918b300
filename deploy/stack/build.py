"""Builds the binary where it is missing or older than its sources, and tells where it is."""
import fcntl
import os
import pathlib
import shutil
import subprocess

import install
import processes
import progress
from service import ServiceError
from settings import REPOSITORY

FOLDER = REPOSITORY / "build" / "release"
#: What one compiler may take, to run no more of them than the memory carries.
COMPILER_BYTES = 1500 << 20


def jobs():
    return max(1, min(os.cpu_count() or 1, processes.free_memory() // COMPILER_BYTES))


def build(target, preset="release"):
    """Configures where that wasn't done and has ninja make what is out of date. Raises ServiceError with the compiler's
    last words."""
    folder = FOLDER.with_name(preset)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".millrace.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two verbs at once must not build in one folder
        if not (folder / "build.ninja").is_file():
            with progress.step("configuring the build"):
                configured = subprocess.run(["cmake", "--preset", preset], cwd=REPOSITORY, capture_output=True,
                                            text=True)
            if configured.returncode != 0:
                raise ServiceError("cmake failed:\n" +
                                   "\n".join((configured.stdout + configured.stderr).strip().splitlines()[-30:]))
        command = ["ninja", "-C", str(folder), f"-j{jobs()}", *([target] if target else [])]
        code, lines = progress.run_counted(
            command, f"building {target}" if preset != "release" else "building",
            env={**os.environ, "NINJA_STATUS": "[%f/%t] ", "CCACHE_BASEDIR": str(REPOSITORY)})
    if code != 0:
        raise ServiceError("the build failed:\n" +
                           "\n".join(line for line in lines if "Entering directory" not in line)[-6000:])


def binary():
    """Returns the path of an up-to-date binary. MILLRACE_BINARY names a built one, and nothing is built."""
    given = os.environ.get("MILLRACE_BINARY")
    if given:
        path = pathlib.Path(given).absolute()
        if not os.access(path, os.X_OK):
            raise ServiceError(f"MILLRACE_BINARY={given} isn't a program")
        return path
    install.apt(["build"])
    build("millrace")
    return FOLDER / "millrace"


def install_copy(source, destination):
    """Copies the binary to where the services run it from, unless it is there already. One that runs goes on with the
    old copy."""
    if destination.is_file():
        old, new = destination.stat(), source.stat()
        if (old.st_size, old.st_mtime_ns) == (new.st_size, new.st_mtime_ns):
            return
    destination.parent.mkdir(exist_ok=True)
    partial = destination.with_name(destination.name + ".new")
    shutil.copy2(source, partial)
    partial.chmod(0o755)  # services run it as another user
    partial.rename(destination)
