"""Programs of Debian 13 that Debian 12 has not, or too old: unpacked into a folder, nothing is installed."""
import contextlib
import pathlib
import re
import shutil
import subprocess
import tempfile

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def mirror():
    """Returns the mirror of Debian that this machine uses."""
    sources = [pathlib.Path("/etc/apt/sources.list"), *pathlib.Path("/etc/apt/sources.list.d").glob("*")]
    text = "\n".join(path.read_text() for path in sources if path.is_file())
    found = re.search(r"^(?:URIs:|deb(?: \[[^]]*\])?)\s+(https?://\S+/debian/?)(?:\s|$)", text, re.M)
    return found[1] if found else "http://deb.debian.org/debian"


@contextlib.contextmanager
def unpacked(package):
    """Gives the folder of a package's files. Raises CalledProcessError with what apt-get printed."""
    with tempfile.TemporaryDirectory(prefix="millrace-debian13-") as folder:
        apt = pathlib.Path(folder)
        for part in ("lists/partial", "cache/archives/partial"):
            (apt / part).mkdir(parents=True)
        (apt / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror()} trixie main\n")
        options = [
            f"-oDir::State::lists={apt}/lists", f"-oDir::Etc::sourcelist={apt}/sources.list",
            "-oDir::Etc::sourceparts=-", f"-oDir::Cache={apt}/cache", "-oAPT::Sandbox::User=root"
        ]
        run("apt-get", "-qq", *options, "update")
        run("apt-get", "-qq", *options, "download", package, cwd=apt)
        run("dpkg-deb", "-x", next(apt.glob(f"{package}_*.deb")), apt / "files")
        yield apt / "files"


def program(package, path, into):
    """Takes one program of a package to a file, unless it is there. Returns the file."""
    if not into.is_file():
        into.parent.mkdir(parents=True, exist_ok=True)
        with unpacked(package) as files:
            made = into.with_name(into.name + ".new")
            shutil.copy2(files / path, made)
            made.replace(into)
    return into


def run(*command, **more):
    done = subprocess.run([*map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr[-4000:])
