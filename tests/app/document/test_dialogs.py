from wholefield.sources.kinds import Kind
from wholefield_app.document.dialogs import open_filters


def test_the_own_formats_come_first_and_no_kind_is_left_out() -> None:
    for kind, first in ((Kind.IMAGE, "Slides"), (Kind.STACK, "Stacks"), (Kind.RECORDING, "")):
        filters = open_filters(kind).split(";;")
        assert filters[0].startswith(first)
        assert len(set(filters)) == len(Kind) + 1
        assert filters[-1] == "All files (*)"
