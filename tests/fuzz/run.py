#!/usr/bin/env python3
"""Runs one of libFuzzer's targets on seeds from the repository: run.py NAME. An input that once ended a target stays in
found/NAME.

MILLRACE_FUZZ_SECONDS=N sets for how long. The corpus is kept beside the binary, so that a later run goes on from it."""
import os
import pathlib
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


SEEDS = {"decoder": records, "decimals": lambda: (text.encode("latin-1") for text in DECIMALS), "frames": frames,
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
