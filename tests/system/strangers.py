"""Who connects to a node's door and is none of its own. Each is a function of an address that returns an open
connection."""
import contextlib
import socket
import ssl
import struct
import time

PATIENCE = 30.0  #: a node gives a stranger 5 to 10 seconds


def connect(address):
    out = socket.create_connection(address, PATIENCE)
    out.settimeout(PATIENCE)
    return out


def says(*parts):
    """Returns a stranger that says this, as far as it is let."""
    def come(address):
        out = connect(address)
        with contextlib.suppress(ConnectionError):
            for part in parts:
                out.sendall(part)
        return out
    return come


def frame(operation, announced, payload=b""):
    """Returns a frame of CAF's protocol: its header, and some of the payload that this announces."""
    return struct.pack(">BBBBIQQQ", operation, 0, 0, 0, announced, 0, 0, 1) + payload


def of_tls(context):
    """Returns a stranger that speaks TLS."""
    def come(address):
        raw = connect(address)
        try:
            return context.wrap_socket(raw)
        except (ssl.SSLError, ConnectionError):
            return raw
    return come


def tls_context(certificate=None, key=None):
    """Returns what a client that believes everybody shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(certificate, key)
    return context


def without_tls(dice):
    """Returns strangers that know nothing of TLS, by name; `dice` is a random.Random."""
    handshake = frame(1, 16, dice.randbytes(16))
    return {
        "nothing at all": says(), "HTTP": says(b"GET / HTTP/1.1\r\nHost: node\r\n\r\n"),
        "half a TLS handshake": says(bytes.fromhex("160301020001000301fc0303") + dice.randbytes(32)),
        "a TLS record of any length": says(bytes.fromhex("160301ffff01") + dice.randbytes(4000)), "zeros": says(
            bytes(4096)), "a greeting of 4 GiB": says(frame(1, 0xfffffff0),
                                                      b"x" * 70000), "a greeting without a payload": says(frame(1, 0)),
        "a message of 4 GiB behind a greeting": says(handshake, frame(2, 0xfffffff0)),
        "messages without a payload behind a greeting": says(handshake,
                                                             *(frame(operation, 0) for operation in (2, 3, 4, 5))),
        "a message before a greeting": says(frame(2, 64, dice.randbytes(64))),
        **{f"random bytes {number}": says(dice.randbytes(dice.randrange(1, 5000))) for number in range(20)},
    }


def what_is_heard(connection):
    """Returns all that a stranger gets to read until it is hung up on, or None where that doesn't come."""
    heard, deadline = b"", time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            part = connection.recv(4096)
        except TimeoutError:
            return None
        except OSError:  # an alert, a reset
            return heard
        if not part:
            return heard
        heard += part
    return None
