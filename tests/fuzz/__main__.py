"""Mutates files of every format and opens them, for some minutes; prints what is neither read nor refused clearly."""

import argparse
import itertools
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.files import sound_files
from tests.fuzz.trials import trials


def main() -> int:
    """Run until the time is over, or all wanted files are tried; 1 if any went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="time to spend (default: %(default)g)")
    parser.add_argument("--files", type=int, default=5000, help="mutated files to try (default: %(default)d)")
    parser.add_argument("--seed", type=int, help="of the first file, to see one again (default: by chance)")
    parser.add_argument("--only", default="", help="only sound files whose name or folder contains this")
    chosen = parser.parse_args()
    first = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(2**31)
    print(f"seeds from {first}", flush=True)
    end = time.monotonic() + 60 * chosen.minutes
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="wholefield-fuzz-") as folder:
        files = [each for each in sound_files(Path(folder, "sound")) if chosen.only in str(each)]
        seeds: Iterator[int] = itertools.takewhile(
            lambda _: time.monotonic() < end, range(first, first + chosen.files)
        )
        for trial in trials(files, seeds, Path(folder)):
            counts[trial.outcome] += 1
            if not trial.good:
                print(f"\nseed {trial.seed}, {trial.name}: {trial.outcome}\n{trial.text}", flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.most_common()))
    return int(not set(counts) <= {"read", "sentence"})


if __name__ == "__main__":
    sys.exit(main())
