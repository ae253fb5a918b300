"""How much room is left where a stack writes, said before none is: PostgreSQL, Kafka and Redis stop when it ends."""
import os


def room(folder, least_mb):
    """Returns how many bytes a user without rights may still write where `folder` lies, and how many are too few."""
    found = os.statvfs(folder)
    return {"free": found.f_bavail * found.f_frsize, "least": least_mb << 20}


def is_scarce(left):
    return left["free"] < left["least"]


def in_words(left, folder):
    return (
        f"only {left['free'] >> 20} MB are free under {folder}, and fewer than {left['least'] >> 20} MB "
        "(MILLRACE_DISK_MB) are too few: "
        "without room the servers stop. Make some; they go on by themselves")


def warning(settings):
    """Returns what is to be said of the room of a stack, or nothing."""
    folder = settings.home.root
    if not folder.is_dir():
        return ""
    left = room(folder, settings.number("MILLRACE_DISK_MB"))
    return in_words(left, folder) if is_scarce(left) else ""
