"""Receivers of alerts on loopback: a webhook that can fail, and Debian's prometheus-alertmanager."""
import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

import clients
from stack import wait_until


class Webhook:
    """An HTTP server that notes each message it accepts. `status` is what it answers."""

    def __init__(self, port, secret):
        self.secret, self.status = secret, 204
        self.messages = []       #: (headers, body) of those that were accepted
        self.attempts = 0
        self.forged = []         #: messages whose signature is wrong
        webhook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                webhook.take(dict(self.headers.items()), body)
                self.send_response(webhook.status)
                if webhook.status == 302:
                    self.send_header("Location", f"http://127.0.0.1:{port}/elsewhere")
                if webhook.status != 204:
                    self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, headers, body):
        self.attempts += 1
        text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        wanted = base64.b64encode(hmac.new(self.secret.encode(), text, hashlib.sha256).digest()).decode()
        if headers.get("webhook-signature") != f"v1,{wanted}":
            self.forged.append(headers)
        if self.status == 204:
            self.messages.append((headers, json.loads(body)))

    def events(self):
        """Returns (state, alert, key) of each message, in the order in which they came."""
        return [(body["state"], body["alert"], body["key"]) for _, body in self.messages]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Alertmanager:
    """The real one, without receivers of its own. Its resolve_timeout is shorter than any repetition."""

    CONFIG = "global: {resolve_timeout: 1s}\nroute: {receiver: none}\nreceivers: [{name: none}]\n"

    def __init__(self, port):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-alertmanager-"))
        (self.folder / "config.yml").write_text(self.CONFIG)
        self.url, self.port, self.process = f"http://127.0.0.1:{port}", port, None

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([
                "prometheus-alertmanager", f"--config.file={self.folder}/config.yml",
                f"--storage.path={self.folder}/data", f"--web.listen-address=127.0.0.1:{self.port}",
                "--cluster.listen-address="
            ], stdout=log, stderr=log)
        wait_until("Alertmanager serves", lambda: clients.http(self.url + "/api/v2/status"), 60)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def alerts(self):
        """Returns the alerts that fire, by (alertname, key)."""
        return {(x["labels"]["alertname"], x["labels"]["key"]): x
                for x in clients.http(self.url + "/api/v2/alerts") or []}

    def close(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def seconds_until(text):
    """Returns the seconds from now to a time as Alertmanager prints it."""
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone - time.time()
