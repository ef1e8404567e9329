"""`wholefield doctor`: versions, machine and libraries; what is missing, and how to get it."""

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict

from wholefield.cli.exit_codes import FAILED, OK
from wholefield.cli.findings import Finding, State, machine, packages, window

MARKS = {State.OK: "ok", State.INFO: "", State.OPTIONAL: "none", State.MISSING: "MISSING"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield doctor`."""
    parser.add_argument("--json", action="store_true", help="Print JSON instead of a table.")


def doctor(arguments: argparse.Namespace) -> int:
    """Print what was found; fails where something is missing that the program cannot do without."""
    found = [*machine(), *packages(), *window()]
    missing = any(each.state is State.MISSING for each in found)
    print(json.dumps([asdict(each) for each in found], indent=2) if arguments.json else table(found))
    return FAILED if missing else OK


def table(found: Iterable[Finding]) -> str:
    """The findings in groups, each with what to do about it; a last line says whether all is well."""
    found, group = list(found), ""
    lines: list[str] = []
    for each in found:
        if each.group != group:
            group = each.group
            lines += ["", group] if lines else [group]
        lines.append("  ".join(("", f"{each.name:<26}", f"{MARKS[each.state]:<7}", each.value)).rstrip())
        if each.remedy:
            lines.append(f"{'':<6}{each.remedy}")
    missing = [each.name for each in found if each.state is State.MISSING]
    lines += ["", f"Missing: {', '.join(missing)}." if missing else "Nothing is missing."]
    return "\n".join(lines)
