#!/usr/bin/python3
"""Fills a folder with what the image has: `assemble.py FOLDER`. It runs where Debian's package of Millrace is
installed.

That is the program, its data, the libraries that it loads, each one's licence and entry in dpkg's status (scanners read
it), and a bill of materials of all that, in SPDX's JSON.
"""
import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

PROGRAM = "/usr/bin/millrace"
#: As whom the image runs. Not a number that a Debian has: a volume's files then show whose they are.
USER = 10001
STATE = "var/lib/millrace"
#: Beside what the program loads: certificates of public authorities, for TLS.
MORE_FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/os-release", "/etc/debian_version")
MORE_PACKAGES = ("ca-certificates", "base-files")
#: Libraries of Debian's whose code is in the program itself.
COMPILED_IN = ("libcli11-dev", "libmsgpack-cxx-dev", "nlohmann-json3-dev", "robin-map-dev")
SBOM = "usr/share/doc/millrace/sbom.spdx.json"


def say(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def libraries():
    """Returns the paths of what the program loads, the loader among them. Raises ValueError for one that isn't
    there."""
    told = say("ldd", PROGRAM)
    if "not found" in told:
        raise ValueError(f"a library of {PROGRAM} is missing:\n{told}")
    return sorted(set(re.findall(r"(?:=> |^\t)(/\S+) \(0x", told, re.M)))


def owner(path):
    """Returns the Debian package that a file is of. /lib is a link to /usr/lib, and packages name either."""
    real = os.path.realpath(path)
    for name in {path, "/usr" + path, real, real.removeprefix("/usr")}:
        found = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(":", 1)[0]
    raise ValueError(f"no package owns {path}")


def copy(path, into):
    """Copies a file to the same path below a folder; a link becomes the file."""
    to = into / path.lstrip("/")
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, to)


def fields(package):
    """Returns version, architecture and homepage of an installed package."""
    form = "${Version}\\n${Architecture}\\n${Homepage}"
    return say("dpkg-query", "-W", "-f", form, package).split("\n")


def candidate(package):
    """Returns the version of a package that this Debian would install."""
    return re.search(r"^Version: (\S+)", say("apt-cache", "show", "--no-all-versions", package), re.M)[1]


def entry(name, version, architecture, homepage=""):
    return {
        "SPDXID": f"SPDXRef-{re.sub(r'[^A-Za-z0-9.-]', '-', name)}", "name": name, "versionInfo": version,
        "supplier": "Organization: Debian" if name != "millrace" else "Organization: The Millrace authors",
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "homepage": homepage or "NOASSERTION",
        "licenseConcluded": "NOASSERTION", "licenseDeclared": "MIT" if name == "millrace" else "NOASSERTION",
        "copyrightText": "NOASSERTION", "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": f"pkg:deb/debian/{name}@{version}?arch={architecture}&distro=debian-12"
        }]
    }


def bill(packages):
    """Returns the bill of materials. The same packages make the same name of it."""
    entries = [entry(name, *fields(name)) for name in packages]
    compiled = [entry(name, candidate(name), "all") for name in COMPILED_IN]
    program = "SPDXRef-millrace"
    links = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": program}]
    links += [{"spdxElementId": program, "relationshipType": "DYNAMIC_LINK", "relatedSpdxElement": x["SPDXID"]}
              for x in entries
              if x["SPDXID"] != program]
    links += [{"spdxElementId": program, "relationshipType": "STATIC_LINK", "relatedSpdxElement": x["SPDXID"]}
              for x in compiled]
    everything = entries + compiled
    digest = hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()
    made = datetime.datetime.fromtimestamp(
        int(os.environ.get("SOURCE_DATE_EPOCH") or datetime.datetime.now().timestamp()), datetime.timezone.utc)
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "millrace",
        "documentNamespace": f"https://spdx.org/spdxdocs/millrace-{digest}", "creationInfo": {
            "created": made.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: deploy/image/assemble.py"]
        }, "packages": everything, "relationships": links
    }


def main():
    into = pathlib.Path(sys.argv[1])
    loaded = libraries()
    packages = sorted({"millrace", *MORE_PACKAGES, *map(owner, loaded)})
    for path in (PROGRAM, *loaded, *MORE_FILES):
        copy(path, into)
    shutil.copytree("/usr/share/millrace", into / "usr/share/millrace")
    shutil.copytree("/usr/share/doc/millrace", into / "usr/share/doc/millrace")
    status = into / "var/lib/dpkg/status.d"
    status.mkdir(parents=True)
    for package in packages:
        (status / package).write_text(say("dpkg-query", "-s", package))
        licence = f"/usr/share/doc/{package}/copyright"
        if os.path.exists(licence):  # a base image may come without documents
            copy(licence, into)
    (into / SBOM).write_text(json.dumps(bill(packages), indent=1) + "\n")
    (into /
     "etc/passwd").write_text(f"root:x:0:0:root:/:/sbin/nologin\nmillrace:x:{USER}:{USER}:Millrace:/:/sbin/nologin\n")
    (into / "etc/group").write_text(f"root:x:0:\nmillrace:x:{USER}:\n")
    (into / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")
    (into / "tmp").mkdir(mode=0o1777)
    (into / "tmp").chmod(0o1777)
    state = into / STATE
    state.mkdir(mode=0o700, parents=True)
    os.chown(state, USER, USER)


if __name__ == "__main__":
    main()
