#!/usr/bin/env python3
"""Runs one of libFuzzer's targets on seeds from the repository: run.py NAME. An input that once ended a target stays in
found/NAME.

MILLRACE_FUZZ_SECONDS=N sets for how long. The corpus is kept beside the binary, so that a later run goes on from it."""
import os
import pathlib
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
FOLDER = REPOSITORY / "build" / "fuzz"
SECONDS = os.environ.get("MILLRACE_FUZZ_SECONDS") or "60"
#: One input must not take longer (s), nor more memory (MB).
LONGEST, MEMORY = "10", "2048"
HTTP = (
    "GET /status HTTP/1.1\r\nHost: 127.0.0.1:15406\r\n\r\n",
    "POST /control HTTP/1.1\r\nHost: localhost:15406\r\nOrigin: http://localhost:15406\r\n"
    "Authorization: Bearer a token\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    "POST /control HTTP/1.1\r\nHost: 127.0.0.1:15406\r\nAuthorization: Bearer a token\r\n"
    "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
)
SETTINGS = ("\x00redis://user:word@host:6379/3",
            "\x01postgresql://me@host:5432/base?sslmode=verify-full&sslrootcert=/a",
            "\x02plugin.library.paths\n/lib.so", "\x02sasl.mechanisms\nPLAIN",
            "\x03project = \"shop\"\nshards = 32\nfigures = [\"sql\"]\n")
DECIMALS = ("\x0212.30", "\x02-0.5", "\x021.5E-7", "\x02NaN", "\x02AQ==", "\x02f///////////w==")


def records():
    """Returns recorded events of Debezium's as the decoder's inputs."""
    import json
    for file in sorted((REPOSITORY / "tests" / "events").glob("*.jsonl")):
        for line in file.read_text().splitlines()[::25]:
            event = json.loads(line)
            texts = [
                value if isinstance(value, str) else json.dumps(value)
                for value in (event.get("key"), event.get("value", event.get("payload")))
            ]
            for table in range(6):
                yield bytes([table, 1]) + "\n".join(texts).encode()


def frames():
    header = lambda operation, size: bytes([operation, 0, 0, 0]) + size.to_bytes(4, "big") + bytes(24)
    yield b"\x00\x05" + header(1, 8) + b"x" * 8 + header(6, 0) + header(2, 4) + b"abcd"
    yield b"\x01\x20" + header(0, 8) + b"x" * 8 + header(5, 0xffffffff)


def pgoutput():
    """Yields a stream of frames with each kind of message."""
    text = lambda *words: b"".join(word.encode() + b"\0" for word in words)
    sized = lambda word: b"t" + struct.pack(">I", len(word)) + word.encode()
    field = lambda word: b"n" if word is None else b"u" if word == "u" else sized(word)
    row = lambda *words: struct.pack(">H", len(words)) + b"".join(map(field, words))
    columns = ["id", "owner", "note", "c3", "c11", "c10", "c13", "c5", "c4", "c16"]
    relation = lambda number, name, names, identity: (
        b"R" + struct.pack(">I", number) + text("public", name) + identity + struct.pack(">H", len(names))
        + b"".join(bytes([name == "id" or identity == b"f"]) + text(name) + struct.pack(">Ii", 25, -1)
                   for name in names))
    full = ("7", "1", "a", "1.50", "2024-01-01 00:00:00", "2024-01-01", "12:00:00", "t", "1", "\\x00")
    other = ("8",) + full[1:]
    messages = [
        b"B" + struct.pack(">QQI", 1000, 0, 7), relation(16, "t", columns, b"f"), relation(17, "s", ["id", "x"], b"d"),
        b"O" + struct.pack(">Q", 5) + text("there"), b"Y" + struct.pack(">I", 9) + text("s", "mood"),
        b"I\0\0\0\x10N" + row(*full), b"U\0\0\0\x10O" + row(*full) + b"N" + row(*other),
        b"U\0\0\0\x11K" + row("1", None) + b"N" + row("2", "u"), b"D\0\0\0\x11K" + row("1", None),
        b"D\0\0\0\x10O" + row(*full), b"T" + struct.pack(">IBII", 2, 3, 16, 17),
        b"M" + struct.pack(">BQ", 1, 950) + text("p") + struct.pack(">I", 1) + b"x",
        b"C\0" + struct.pack(">QQQ", 1000, 1048, 0)
    ]
    frames = [b"w" + struct.pack(">QQQ", 500 + 30 * place, 0, 0) + each for place, each in enumerate(messages)]
    frames.append(b"k" + struct.pack(">QQB", 2000, 0, 1))
    joined = lambda parts: b"".join(struct.pack(">H", len(part)) + part for part in parts)
    yield joined(frames)
    for each in frames[5:11]:
        yield joined(frames[:3] + [each, frames[-2]])


SEEDS = {"decoder": records, "pgoutput": pgoutput,
         "decimals": lambda: (text.encode("latin-1") for text in DECIMALS), "frames": frames,
         "figures": lambda: (file.read_bytes() for file in sorted((REPOSITORY / "sql" / "figures").glob("*.sql"))),
         "http": lambda: (text.encode() for text in HTTP), "settings": lambda: (text.encode() for text in SETTINGS)}


def main(name):
    binary = FOLDER / f"fuzz_{name}"
    if not binary.exists():
        sys.exit(f"{binary} isn't there: deploy/millrace test fuzz builds it")
    corpus, seeds = FOLDER / "corpus" / name, FOLDER / "seeds" / name
    for folder in (corpus, seeds):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]()):
        (seeds / str(number)).write_bytes(seed)
    found = HERE / "found" / name
    code = subprocess.run([
        binary, corpus, seeds, *([found] if found.is_dir() else []), f"-max_total_time={SECONDS}",
        f"-timeout={LONGEST}", f"-rss_limit_mb={MEMORY}", "-max_len=65536", "-print_final_stats=1", "-verbosity=0",
        f"-artifact_prefix={FOLDER}/found-{name}-"
    ], env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}).returncode
    if code:
        print(
            f"{name}: an input ended it. Put the file that is named above into tests/fuzz/found/{name}, and mend what "
            "it shows.",
            flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
