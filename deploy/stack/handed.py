"""Files that a program of ours reads and that the user without rights, as whom it runs, can't: it gets copies of its
own. Where root starts nothing, nothing is copied."""
import pathlib
import shutil

import home
from service import ServiceError, write_config

#: Settings that name a file, and the one that names files and folders.
FILES = ("POSTGRES_SSLROOTCERT", "KAFKA_PROPERTIES_FILE", "MILLRACE_CONNECTOR_TEMPLATE", "MILLRACE_NODE_CERTIFICATE",
         "MILLRACE_NODE_KEY", "MILLRACE_NODE_AUTHORITY")
FIGURES = "MILLRACE_FIGURES"
NOWHERE = "/nonexistent"


def over(environment, folder):
    """Returns what of `environment` is another for the user without rights: settings that name copies instead, and
    HOME. `folder` is ours, the program's alone, and holds what an earlier start was handed."""
    if not home.server_user():
        return {}
    shutil.rmtree(folder / "files", ignore_errors=True)
    home.own_folder(folder / "files", 0o711)
    found = {"HOME": NOWHERE}  # libpq looks there for certificates, and takes one that it can't read for an error
    for name in FILES:
        path = pathlib.Path(environment.get(name) or "/")
        if path.is_file() and (name == "KAFKA_PROPERTIES_FILE" or not home.servers_can_read(path)):
            text = kafka_properties(path, folder) if name == "KAFKA_PROPERTIES_FILE" else path.read_bytes()
            found[name] = copy(text, folder / "files" / name)
    if environment.get(FIGURES):
        found[FIGURES] = figures(environment[FIGURES], folder)
    return found


def copy(text, path):
    write_config(path, text)
    return str(path)


def kafka_properties(path, folder):
    """Returns librdkafka's properties, with copies of the files that they name."""
    lines = []
    for number, line in enumerate(path.read_text().splitlines()):
        name, separator, value = line.partition("=")
        named = pathlib.Path(value.strip() or "/")
        if name.strip().endswith(
                ".location") and named.is_absolute() and named.is_file() and not home.servers_can_read(named):
            line = name + separator + copy(named.read_bytes(), folder / "files" / f"{number}-{named.name}")
        lines.append(line + "\n")
    return "".join(lines)


def figures(parts, folder):
    """Returns the folders and files with figures; one that can't be read, or has a file that can't, is copied under the
    names that its files have."""
    found = []
    for number, path in enumerate(map(pathlib.Path, parts.split(":"))):
        files = sorted(path.glob("*.sql")) if path.is_dir() else [path]
        if not path.exists() or all(home.servers_can_read(each) for each in [path, *files]):
            found.append(str(path))
            continue
        place = folder / "files" / f"figures-{number}"
        home.own_folder(place, 0o755)
        try:
            copies = [copy(each.read_bytes(), place / each.name) for each in files]
        except OSError as error:
            raise ServiceError(f"figures: {error.filename}: {error.strerror}") from None
        found.append(str(place) if path.is_dir() else copies[0])
    return ":".join(found)
