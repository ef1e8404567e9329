"""What a public docstring lacks: Args, Returns, Raises and an example; and what its examples give when they run."""

import ast
import doctest
import enum
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

SECTION = re.compile(r"^(Args|Attributes|Returns|Yields|Raises|Examples?|Shape|Note|References?):\s*$")
# "name: text", "name (type): text", "first, second: text", "*rest: text"
ENTRY = re.compile(r"^\s*([\w*]+(?:, [\w*]+)*)(?: \([^)]*\))?:")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Sections(NamedTuple):
    """A docstring cut at its headings.

    Attributes:
        text: What stands before the first heading.
        named: The lines under each heading.
    """

    text: str
    named: dict[str, str]

    @classmethod
    def of(cls, *docs: str | None) -> "Sections":
        """The sections of one docstring, or of those of a class and of its `__init__` together."""
        named: dict[str, list[str]] = {"": []}
        for doc in docs:
            heading = ""
            for line in inspect.cleandoc(doc or "").splitlines():
                if found := SECTION.match(line):
                    heading = found[1].removesuffix("s") if found[1].startswith("Example") else found[1]
                named.setdefault(heading, []).append("" if found else line)
        sections = {heading: textwrap.dedent("\n".join(lines)) for heading, lines in named.items()}
        return cls(sections.pop("").strip(), sections)

    def entries(self, *headings: str) -> set[str]:
        """The names that the entries under these headings describe."""
        lines = "\n".join(self.named.get(heading, "") for heading in headings).splitlines()
        found = [ENTRY.match(line) for line in lines if line[:1].strip()]
        return {name.lstrip("*") for entry in found if entry for name in entry[1].split(", ")}


def faults(thing: Any) -> list[str]:
    """What the docstring of a public function or class lacks, in words; nothing for constants and aliases."""
    if inspect.ismodule(thing):
        return [] if thing.__doc__ else ["no docstring"]
    if inspect.isclass(thing):
        return _class_faults(thing)
    if inspect.isroutine(thing) or hasattr(thing, "__wrapped__"):
        return _function_faults(thing)
    return []


def _class_faults(kind: type) -> list[str]:
    own = vars(kind)
    init = own.get("__init__")
    doc = own.get("__doc__") or ""
    if not doc or doc.startswith(f"{kind.__name__}("):
        return ["no docstring"]
    sections = Sections.of(doc, getattr(init, "__doc__", None))
    if issubclass(kind, enum.Enum) or getattr(kind, "_is_protocol", False):
        return []
    missing = [*_undescribed(_parameters(kind), sections.entries("Args", "Attributes"))]
    for name in ("__init__", "__post_init__"):
        if name in own:
            missing += _unnamed_errors(own[name], sections)
    return missing + ([] if issubclass(kind, BaseException) else _without_example(sections))


def _function_faults(function: Callable[..., Any]) -> list[str]:
    if not function.__doc__:
        return ["no docstring"]
    sections = Sections.of(function.__doc__)
    missing = [*_undescribed(_parameters(function), sections.entries("Args"))]
    if _gives_something(function) and not {"Returns", "Yields"} & sections.named.keys():
        missing.append("no Returns")
    return missing + _unnamed_errors(function, sections) + _without_example(sections)


def _parameters(thing: Callable[..., Any]) -> list[str]:
    """Parameters that a caller gives; those of a class that inherits its constructor are described there."""
    if inspect.isclass(thing) and not {"__init__", "__new__"} & vars(thing).keys():
        return []
    try:
        parameters = inspect.signature(thing).parameters
    except (TypeError, ValueError):
        return []
    return [name for name in parameters if not name.startswith("_")]


def _undescribed(parameters: list[str], described: set[str]) -> Iterator[str]:
    for name in parameters:
        if name not in described:
            yield f"{name} is not under Args"


def _gives_something(function: Callable[..., Any]) -> bool:
    try:
        given = inspect.signature(function).return_annotation
    except (TypeError, ValueError):
        return False
    name = given if isinstance(given, str) else getattr(given, "__name__", str(given))
    return name not in {"None", "NoReturn", "Never", "_empty"}


def _without_example(sections: Sections) -> list[str]:
    return [] if ">>>" in sections.named.get("Example", "") else ["no Example with >>>"]


def _unnamed_errors(function: Callable[..., Any], sections: Sections) -> list[str]:
    raised = set(_raised(function))
    if not raised:
        return []
    if "Raises" not in sections.named:
        return ["no Raises"]
    described = sections.entries("Raises")
    return [
        f"{name} is not under Raises"
        for name in sorted(raised)
        if name[0].isupper() and name not in described
    ]


def _raised(function: Callable[..., Any]) -> Iterator[str]:
    """Names of what the body of a function raises itself, without what it passes on."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError):
        return
    body = tree.body[0]
    inner = {
        node
        for child in ast.walk(body)
        if child is not body and isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef)
        for node in ast.walk(child)
    }
    for node in ast.walk(body):
        if isinstance(node, ast.Raise) and node not in inner and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = ast.unparse(raised).split(".")[-1]
            if name != "NotImplementedError":
                yield name


def run_examples(name: str, thing: Any) -> list[str]:
    """Run the examples of a function, or of a class and its `__init__`; gives what went wrong."""
    # Aliases such as NDArray[...] carry the docstring of what they stand for.
    described = inspect.isclass(thing) or inspect.isroutine(thing) or hasattr(thing, "__wrapped__")
    docs = [thing.__doc__ if described else None]
    if inspect.isclass(thing):
        docs.append(getattr(vars(thing).get("__init__"), "__doc__", None))
    said: list[str] = []
    for doc in docs:
        test = doctest.DocTestParser().get_doctest(
            inspect.cleandoc(doc or ""), {"__name__": name}, name, name, 0
        )
        doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append)
    return said
