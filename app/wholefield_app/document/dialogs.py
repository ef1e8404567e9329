"""What dialogs of all workspaces have in common."""

from wholefield.sources.kinds import Kind


def open_filters(first: Kind) -> str:
    """The filters of an open dialog: the formats of one kind first, then those of the others, then all files."""
    from wholefield.sources import file_filter, recording_filter, stack_filter

    filters = {Kind.IMAGE: file_filter, Kind.STACK: stack_filter, Kind.RECORDING: recording_filter}
    kinds = [first, *(kind for kind in Kind if kind is not first)]
    return ";;".join([*(filters[kind]() for kind in kinds), "All files (*)"])
