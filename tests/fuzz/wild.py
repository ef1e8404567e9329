"""A child that does what no reader may do, by the name of the file, so that the tests see it noticed."""

import json
import os
import signal
import sys
import threading
from pathlib import Path

from tests.fuzz.child import answer


def _open(name: str) -> tuple[str, str]:
    if name == "hang":
        threading.Event().wait()
    if name == "signal":
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "exit":
        sys.exit(3)
    if name == "memory":
        return "read", str(len(b"\1" * (1200 * 2**20)))
    return "read", name


def main() -> None:
    """Answer one line for every line until the input ends."""
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(lambda path: _open(path.name), Path(line.rstrip("\n")))), flush=True)


if __name__ == "__main__":
    main()
