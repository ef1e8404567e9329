"""The setting that says how a file is read where it leaves something open, one for all tasks. Imports no torch."""

from typing import Annotated

from wholefield.runs.settings import Group, Setting
from wholefield.sources.choices import Reading

HELP = (
    "How {what} read where it leaves something open: answers to what `wholefield info` lists, such as "
    "series=2; time=0 or columns=t,x,y,p; unit=s."
)


def reading_setting(what: str = "the file is", *, hidden: bool = True) -> Setting:
    """The declaration of the setting; hidden where the open document knows it.

    Args:
        what: What is read, with its verb.
        hidden: Whether a form leaves it out.
    """
    return Setting(
        HELP.format(what=what), label="Reading", group=Group.DATA, none="As the file says", hidden=hidden,
        advanced=True,
    )  # fmt: skip


FileReading = Annotated[str | None, reading_setting()]


def check_readings(*readings: str | None) -> None:
    """Check the form of readings; whether they fit the file is told when it is opened.

    Raises:
        SettingError: One is not written as name=value; name=value.
    """
    for reading in readings:
        Reading.parse(reading)
