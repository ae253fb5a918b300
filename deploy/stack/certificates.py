"""`certs`: a private authority, and what each node shows to the others. All of it is openssl's command line."""
import contextlib
import os
import pathlib
import re
import secrets
import subprocess
import tempfile
import threading

import install
import progress
from service import ServiceError

AUTHORITY_DAYS = 3650
#: A node's certificate that expires sooner is renewed.
RENEWED_BEFORE_DAYS = 30
NAME = re.compile(r"(?!ca$)[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
EXTENSIONS = """basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:{name}
"""


#: Nodes of one stack start side by side, and share the authority.
making = threading.Lock()


def ensure(folder, names, days=365, renew=False):
    """Makes what is missing in a folder, and renews what expires soon. Returns the folder's authority."""
    install.apt(["certificates"])
    authority = Authority(pathlib.Path(folder).absolute())
    with making:
        authority.ensure()
        for name in names:
            authority.ensure_node(name, days, renew)
    return authority


def run(folder, names, days, renew):
    """Does what ensure() does, and prints each node's settings."""
    wrong = [name for name in names if not NAME.fullmatch(name)]
    if wrong:
        raise ServiceError(
            f"{wrong[0]!r} can't be a node's name here: letters, digits, '.', '_' and '-', 63 at most, and not 'ca'")
    show_settings(ensure(folder, names, days, renew).folder, names)


def files_of(folder, name):
    """Returns a node's settings, by name."""
    folder = pathlib.Path(folder)
    return {
        "MILLRACE_NODE_CERTIFICATE": str(folder / f"{name}.crt"), "MILLRACE_NODE_KEY": str(folder / f"{name}.key"),
        "MILLRACE_NODE_AUTHORITY": str(folder / "ca.crt")
    }


def show_settings(folder, names):
    for name in names:
        print(f"\n# {name}, good until {end_of(folder / (name + '.crt'))} (only the key's owner may read it; keep "
              f"{folder}/ca.key on this machine)")
        print("\n".join(f"{setting}={path}" for setting, path in files_of(folder, name).items()))
    print(f"\n# all nodes of this machine\nMILLRACE_NODE_CERTS={folder}")


class Authority:
    """The authority of a folder: ca.key and ca.crt, and NAME.key and NAME.crt of each node. A key is never written
    over."""

    def __init__(self, folder):
        self.folder, self.key, self.certificate = folder, folder / "ca.key", folder / "ca.crt"

    def ensure(self):
        """Makes the authority if there is none. Raises ServiceError where half of it is missing, or it has run out."""
        if not self.certificate.exists() and not any(self.folder.glob("*.crt")):
            return self.make()  # a key that is there was made by a run that went no further
        for file in (self.key, self.certificate):
            if not file.exists():
                raise ServiceError(
                    f"{file} is missing, and a new authority would shut out every node that has a certificate of the "
                    "old one. "
                    f"Bring it back, or make another authority in an empty folder")
        if not self.lasts(self.certificate, 1):
            raise ServiceError(
                f"the authority {self.certificate} has run out: make another in an empty folder, with certificates "
                "for all nodes"
            )

    def make(self):
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.key.exists():
            self.make_key(self.key)
        with self.written(self.certificate) as made:
            openssl("req", "-x509", "-new", "-key", self.key, "-sha256", "-days", AUTHORITY_DAYS, "-subj",
                    "/CN=Millrace nodes", "-out", made, "-addext", "keyUsage = critical, keyCertSign, cRLSign")
        progress.say(f"made a CA, {self.certificate}; keep {self.key} here: anyone who has it can add nodes")

    def ensure_node(self, name, days, renew):
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.crt"
        if certificate.exists() and key.exists() and not renew and self.is_good(certificate):
            return
        if not key.exists():
            self.make_key(key)
        self.sign(name, key, certificate, days)
        progress.say(f"made {certificate}, good until {end_of(certificate)}")

    def sign(self, name, key, certificate, days):
        request = openssl("req", "-new", "-key", key, "-subj", f"/CN={name}")
        with tempfile.NamedTemporaryFile("w", suffix=".cnf") as extensions, self.written(certificate) as made:
            extensions.write(EXTENSIONS.format(name=name))
            extensions.flush()
            openssl("x509", "-req", "-CA", self.certificate, "-CAkey", self.key, "-set_serial",
                    f"0x{secrets.randbits(127):x}", "-sha256", "-days", days, "-extfile", extensions.name, "-out", made,
                    text=request)

    def is_good(self, certificate):
        """Tells whether a certificate is this authority's, and has some time left."""
        signed = subprocess.run(["openssl", "verify", "-CAfile", self.certificate, certificate], capture_output=True)
        return signed.returncode == 0 and self.lasts(certificate, RENEWED_BEFORE_DAYS * 86400)

    @staticmethod
    def lasts(certificate, seconds):
        return subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-checkend",
                               str(seconds)], capture_output=True).returncode == 0

    @staticmethod
    def make_key(path):
        """Makes a key that only its owner reads, whole or not at all. Raises FileExistsError where there is one."""
        made = path.with_name(path.name + ".new")
        made.unlink(missing_ok=True)
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"))
        os.link(made, path)
        made.unlink()

    @staticmethod
    @contextlib.contextmanager
    def written(path):
        """Gives a file to write to, which takes the place of `path` once it is whole."""
        made = path.with_name(path.name + ".new")
        yield made
        made.chmod(0o644)
        made.replace(path)


def end_of(certificate):
    return openssl("x509", "-in", certificate, "-noout", "-enddate").strip().partition("=")[2]


def openssl(*words, text=None):
    """Returns what openssl prints. Raises ServiceError with what it complains of."""
    done = subprocess.run(["openssl", *map(str, words)], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise ServiceError(f"openssl {words[0]} failed: {done.stderr.strip()}")
    return done.stdout
