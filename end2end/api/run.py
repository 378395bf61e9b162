#!/usr/bin/env python3
"""Runs schemathesis against the finished program: as administrator, as user and anonymous.

usage: run.py PROGRAM [SECONDS]

SECONDS are for each of the three; without them it is a short run with a few examples each. The
program starts on a free port with a database of its own. Needs `schemathesis` beside the Python
that runs this.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
PASSWORD = "correct horse battery"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(program, folder):
    """Starts a server with two accounts; returns it and its address."""
    port = free_port()
    # Every request comes from one address and one of two users.
    many = "1000000"
    environment = dict(
        os.environ,
        LATCHKEY_DATA_DIR=str(folder),
        LATCHKEY_LISTEN=f"127.0.0.1:{port}",
        LATCHKEY_LOG="warn",
        LATCHKEY_FAILURES_PER_MINUTE=many,
        LATCHKEY_REQUESTS_PER_SECOND=many,
        LATCHKEY_REQUEST_BURST=many,
        LATCHKEY_LOCKOUT_FAILURES=many,
    )
    for name, roles in [("root", ["--role", "Administrator"]), ("bob", [])]:
        command = [program, "user", "add", name, "--password-stdin", *roles]
        subprocess.run(command, input=PASSWORD, text=True, env=environment, check=True)
    server = subprocess.Popen([program, "serve"], env=environment, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{url}/readyz").read()
            return server, url
        except OSError:
            time.sleep(0.05)
    server.kill()
    raise SystemExit("the server did not start")


def run(url, who, seconds):
    """Runs schemathesis as somebody; returns whether all went well."""
    print(f"--- as {who or 'nobody'}", flush=True)
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        "--config-file", str(HERE / "schemathesis.toml"),
        "run", f"{url}/openapi.json", "--url", url,
        "--checks", "all", "--workers", "2", "--continue-on-failure",
        "--suppress-health-check", "all", "--warnings", "off", "--no-shrink",
        "--generation-database", "none",
    ]
    # For the hooks, which sign in.
    environment = dict(os.environ, LATCHKEY_TEST_URL=url, LATCHKEY_TEST_PASSWORD=PASSWORD)
    if who:
        environment["LATCHKEY_TEST_WHO"] = who
    if seconds:
        command += ["--max-time", str(seconds)]
    else:
        command += ["--max-examples", "8", "--seed", "1"]
    return subprocess.run(command, cwd=HERE, env=environment, check=False).returncode == 0


def main():
    program = str(Path(sys.argv[1]).resolve())
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as folder:
        server, url = start(program, folder)
        try:
            results = {who: run(url, who, seconds) for who in ["root", "bob", None]}
            alive = server.poll() is None
        finally:
            server.terminate()
            server.wait(20)
    for who, well in results.items():
        print(f"{who or 'nobody'}: {'ok' if well else 'FAILED'}")
    if not alive:
        print("the server ended by itself")
    sys.exit(0 if alive and all(results.values()) else 1)


if __name__ == "__main__":
    main()
