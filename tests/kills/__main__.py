"""Kills runs of all kinds at every rename, sync and removal of a file; prints what comes of each."""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

import lightning.pytorch  # noqa: F401  (loaded before the first fork)

from tests.kills.runs import RUNS
from tests.kills.trials import trials


def main() -> int:
    """Do all trials; 1 if any went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--only", default="", help="only runs whose name contains this")
    parser.add_argument("--step", type=int, default=1, help="kill at every n-th call (default: %(default)d)")
    parser.add_argument("--first", type=int, default=0, help="the first call (default: %(default)d)")
    chosen = parser.parse_args()
    counts: Counter[bool] = Counter()
    for kind in (name for name in RUNS if chosen.only in name):
        with tempfile.TemporaryDirectory(prefix="wholefield-kills-") as folder:
            for trial in trials(kind, Path(folder), chosen.step, chosen.first):
                counts[not trial.fault] += 1
                print(f"{trial.kind}, call {trial.call}: {trial.fault or 'the same end'}", flush=True)
    print(f"{counts[True]} of {counts.total()} killed runs came to the end of undisturbed ones")
    return int(counts[False] > 0 or not counts)


if __name__ == "__main__":
    sys.exit(main())
