"""Looks at the live page with Debian's Chromium: starts browser.mjs, which drives it by playwright-core."""
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "deploy" / "stack"))
import home  # noqa: E402
import install  # noqa: E402


class BrowserError(AssertionError):
    """The browser couldn't do what it was told."""


def npm_packages():
    """Returns the folder that has the packages of package-lock.json: in the cache, filled the first time. npm compares
    each with the lock's hash."""
    lock = HERE / "package-lock.json"
    folder = home.cache_folder() / f"page-tests-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if not folder.is_dir():
        partial = folder.with_name(folder.name + ".new")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for file in (lock, HERE / "package.json"):
            shutil.copy2(file, partial)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=partial, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        partial.rename(folder)
    return folder


class Browser:
    """One Chromium with one page. Verbs are those of browser.mjs."""

    def __init__(self):
        install.apt(["browser", *([] if shutil.which("npm") else ["node"])])
        self.process = subprocess.Popen(["node", HERE / "browser.mjs", npm_packages()], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def do(self, verb, **how):
        """Returns the verb's answer. Raises BrowserError with the browser's words."""
        self.process.stdin.write(json.dumps({"verb": verb, **how}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise BrowserError(f"{verb}: the browser has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise BrowserError(f"{verb}: {answer['error']}")
        return answer["value"]

    def value(self, js):
        return self.do("value", js=js)

    def text(self, selector):
        """Returns the text of the first element that the selector finds."""
        return self.value(f"document.querySelector({json.dumps(selector)}).textContent")

    def until(self, js, seconds):
        """Waits until the expression is true. Returns the seconds that it took."""
        return self.do("until", js=js, seconds=seconds)["milliseconds"] / 1000
