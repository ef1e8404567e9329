"""The results of a batch as a table: one row a file, as CSV and as Parquet."""

import csv
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wholefield.errors import SettingError
from wholefield.files import replacing
from wholefield.runs.folder import CONFIG, FIGURES, LOG, PROVENANCE
from wholefield.tasks.batch.jobs import OUTCOME, Job, Outcome

RECORDS = (CONFIG, FIGURES, LOG, PROVENANCE, OUTCOME)


def demand_pyarrow() -> None:
    """Check that Parquet can be written.

    Raises:
        SettingError: It cannot.
    """
    if find_spec("pyarrow") is None:
        raise SettingError(
            'Parquet needs pyarrow, which is not installed: pip install "wholefield[batch]". The table is written '
            "as CSV in any case."
        )


def rows_of(outcomes: Sequence[tuple[Job, Outcome]]) -> list[Mapping[str, Any]]:
    """A row a file: what was done, where the results are, and every figure in a column of its own."""
    return [
        {
            "file": outcome.file,
            "status": outcome.status,
            "error": outcome.error,
            "seconds": outcome.seconds,
            "folder": str(job.folder),
            "outputs": "; ".join(_outputs(job.folder)),
            **outcome.figures,
        }
        for job, outcome in outcomes
    ]


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the table as CSV, whole or not at all."""
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _columns(rows))
        writer.writeheader()
        writer.writerows(rows)


def write_parquet(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the table as Parquet, whole or not at all."""
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.table({name: [row.get(name) for row in rows] for name in _columns(rows)})
    with replacing(path) as temporary:
        parquet.write_table(table, temporary)


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _outputs(folder: Path) -> list[str]:
    """The names of what a run wrote beside its records."""
    return (
        sorted(path.name for path in folder.glob("[!.]*") if path.name not in RECORDS)
        if folder.exists()
        else []
    )
