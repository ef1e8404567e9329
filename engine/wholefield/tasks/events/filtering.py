"""The setting of filters that all tasks and exports on recordings share. Imports no torch."""

from typing import Annotated

from wholefield.runs.settings import Group, Setting
from wholefield.sources.events.filters.chain import check_filters as check_filters

EventFilters = Annotated[
    str | None,
    Setting(
        "Filters through which the events go first, one after the other, such as "
        "`hot=10, refractory=1ms, background=10ms`; docs/events.md lists them.",
        label="Filters",
        group=Group.DATA,
        none="All events",
        advanced=True,
    ),
]
