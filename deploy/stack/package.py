"""`package`: the Debian package of the release build."""
import build
import install
from service import ServiceError

FOLDER = build.FOLDER / "debian"


def package():
    """Builds the package and returns its path. MILLRACE_BINARY says nothing here: what is packaged is what this
    repository builds."""
    install.apt(["build", "package"])
    for old in FOLDER.glob("*.deb"):
        old.unlink()  # of another version
    build.build("deb")
    made = list(FOLDER.glob("*.deb"))
    if len(made) != 1:
        raise ServiceError(
            f"the build was to leave one package in {FOLDER} and left {len(made)}; take {build.FOLDER} away and try "
            "again"
        )
    return made[0]
