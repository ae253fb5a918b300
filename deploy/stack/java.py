"""What Kafka and Kafka Connect share: the Java parts that Maven fetched, the JVM's options, the logging."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import home
from service import Service, ServiceError, write_config

POM = pathlib.Path(__file__).resolve().parents[1] / "pom.xml"
PINS = POM.with_name("artifacts.sha256")
#: The one class of our own: Kafka Connect asks for a password by it.
LOGIN = POM.with_name("connect") / "Login.java"
#: What is fetched, and what is compiled with it.
FETCHED, COMPILED = ("kafka", "plugins", "tools"), ("login",)

LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %m (%c{1})%n%throwable{20}
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
logger.clients.name = org.apache.kafka.clients
logger.clients.level = warn
logger.controller.name = org.apache.kafka.controller
logger.controller.level = warn
logger.image.name = org.apache.kafka.image
logger.image.level = warn
logger.config.name = org.apache.kafka.common.config
logger.config.level = warn
logger.utilities.name = org.apache.kafka.common.utils
logger.utilities.level = warn
logger.jetty.name = org.eclipse.jetty
logger.jetty.level = warn
logger.jersey.name = org.glassfish.jersey
logger.jersey.level = error
logger.rest.name = org.apache.kafka.connect.runtime.rest
logger.rest.level = warn
"""


def parts():
    """Returns the folder of the Java parts. Its name follows the pom and our class, so another version is another
    folder."""
    return home.cache_folder() / ("stack-" + hashlib.sha256(POM.read_bytes() + LOGIN.read_bytes()).hexdigest()[:12])


def version(name):
    """Returns the version of "kafka", "debezium" or "ecj" that is pinned, as text."""
    return re.search(rf"<{name}\.version>([^<]+)<", POM.read_text()).group(1)


def pins():
    """Returns the SHA-256 that each file of the Java parts must have, by its path."""
    lines = [line for line in PINS.read_text().splitlines() if line and not line.startswith("#")]
    return {path: digest for digest, path in (line.split("  ", 1) for line in lines)}


def strange(folder, tops):
    """Returns a sentence for each file of these folders that isn't what the repository pins: another one, one too many,
    one that is missing."""
    wanted, found, out = {path: digest for path, digest in pins().items() if path.partition("/")[0] in tops}, {}, []
    for top in tops:
        for path in sorted((folder / top).rglob("*")):
            name = str(path.relative_to(folder))
            if path.is_symlink():
                out.append(f"{name} is a link")
            elif path.is_file():
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    out += [f"{name} is unknown" for name in found if name not in wanted]
    out += [f"{name} is missing" for name in wanted if name not in found]
    return out + [f"{name} has another content" for name, digest in found.items() if wanted.get(name, digest) != digest]


def verify(folder, tops=FETCHED + COMPILED):
    """Raises ServiceError unless the Java parts are, byte for byte, those that deploy/artifacts.sha256 pins."""
    wrong = strange(folder, tops)
    if wrong:
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ServiceError(
            f"the Java parts in {folder} aren't those that {PINS} names, and aren't run: {'; '.join(wrong[:3])}{more}. "
            "Find out who changed them. Deleting that folder has them fetched again")


def fetch():
    """Has Maven fill the folder of the Java parts, whole or not at all. Takes a minute the first time. Raises
    ServiceError."""
    partial = parts().with_name(parts().name + ".new")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    # -C: a file that isn't what the repository's checksum says is an error, not a warning.
    done = subprocess.run(
        ["mvn", "-q", "-B", "-C", "-f", str(POM), "package", f"-Dtarget={partial}"], capture_output=True, text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "MAVEN_BASEDIR": str(POM.parent)})  # else options of a .mvn above the folder count
    if done.returncode != 0:
        raise ServiceError("Maven could not fetch Kafka and Debezium:\n" +
                           "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:]))
    verify(partial, FETCHED)
    compile_login(partial)
    verify(partial)
    subprocess.run(["chmod", "-R", "a+rX", partial], check=True)
    partial.rename(parts())


def compile_login(folder):
    """Compiles the class by which Kafka Connect asks for a password. The same compiler makes the same bytes of it, so
    they are pinned too. Raises ServiceError."""
    jars = ":".join(map(str, sorted((folder / "kafka").glob("*.jar"))))
    compiler = folder / "tools" / f"ecj-{version('ecj')}.jar"
    done = subprocess.run(
        ["java", "-jar", compiler, "-17", "-proc:none", "-g:none", "-cp", jars, "-d", folder / "login", LOGIN],
        capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise ServiceError(f"{LOGIN} could not be compiled:\n{(done.stdout + done.stderr).strip()}")


class JavaService(Service):
    """A server on the JVM, configured by one properties file."""

    packages = ("java",)
    needs_java_parts = True
    main_class = ""
    heap_setting = ""

    def folder(self):
        return self.home.root / self.name

    def properties_file(self):
        return self.config_folder() / f"{self.name}.properties"

    def prepare(self):
        if parts().exists():
            verify(parts())
        self.home.server_folder(self.name)
        write_config(self.home.config_folder(self.name) / "log4j2.properties", LOGGING)
        write_config(self.properties_file(), self.configuration())

    def configuration(self):
        raise NotImplementedError

    def class_path(self):
        return f"{parts()}/kafka/*"

    def java(self, main_class, *arguments, heap="256m"):
        """Returns the command that runs a class of Kafka's."""
        more = (self.settings.get("MILLRACE_JAVA_OPTIONS") or "").split()
        return [
            "java", f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true", *more,
            f"-Dlog4j2.configurationFile={self.config_folder() / 'log4j2.properties'}", "-cp",
            self.class_path(), main_class, *arguments
        ]

    def command(self):
        return self.java(self.main_class, str(self.properties_file()), heap=self.settings[self.heap_setting])

    def identity(self):
        return {"settings": [self.command(), self.configuration()]}
