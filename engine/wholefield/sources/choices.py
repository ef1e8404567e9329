"""What a file leaves open, as questions, and the user's answers to them, as one line of text that can be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from wholefield.errors import SettingError, SourceError


@dataclass(frozen=True)
class Answer:
    """One of the answers to a question.

    Attributes:
        value: What is kept and given to the reader.
        label: What a dialog shows; the value where it is empty.

    Example:
        >>> from wholefield.sources import Answer
        >>> Answer("us", "microseconds").label
        'microseconds'
    """

    value: str
    label: str = ""


@dataclass(frozen=True)
class Question:
    """Something that a file does not say, or holds several of.

    Attributes:
        name: Key of the answer in a `Reading`, such as "columns".
        label: What a dialog calls it, such as "Order of columns".
        answers: What can be chosen, the likeliest first; empty where text is typed.
        likely: The answer to begin with; the first where it is empty.
        help: A sentence on what it decides.
        needed: Whether the file must not be opened before it is answered.

    Example:
        >>> from wholefield.sources import Answer, Question
        >>> unit = Question("unit", "Unit of time", (Answer("us", "microseconds"), Answer("s", "seconds")))
        >>> unit.start
        'us'
    """

    name: str
    label: str
    answers: tuple[Answer, ...] = ()
    likely: str = ""
    help: str = ""
    needed: bool = False

    @property
    def start(self) -> str:
        """The answer to begin with."""
        return self.likely or (self.answers[0].value if self.answers else "")


class Reading(Mapping[str, str]):
    """How a file is read where it leaves something open: answers by the names of questions.

    Its text form, `columns=t,x,y,p; unit=s`, stands in settings, on the command line and in sessions.

    Example:
        >>> from wholefield.sources import Reading
        >>> reading = Reading.parse("columns=t,x,y,p; unit=s")
        >>> reading["unit"], str(reading | {"unit": "us"})
        ('s', 'columns=t,x,y,p; unit=us')
    """

    def __init__(self, answers: Mapping[str, str] | None = None) -> None:
        """Keep answers.

        Args:
            answers: Values by the names of questions; none where the file says everything.
        """
        self._answers = {name: value for name, value in (answers or {}).items() if value}

    @classmethod
    def parse(cls, text: str | Reading | None) -> Reading:
        """The reading that a text describes.

        Args:
            text: `name=value` pairs separated by semicolons; a reading is returned as it is.

        Returns:
            The reading; an empty one for None or an empty text.

        Raises:
            SettingError: A part has no equals sign, or a name comes twice.
        """
        if isinstance(text, Reading):
            return text
        answers: dict[str, str] = {}
        for part in filter(None, (part.strip() for part in (text or "").split(";"))):
            name, sign, value = part.partition("=")
            if not sign or not name.strip():
                raise SettingError(f"A reading is written as name=value; name=value, not {text!r}.")
            if name.strip() in answers:
                raise SettingError(f"The reading {text!r} answers {name.strip()} twice; keep one answer.")
            answers[name.strip()] = value.strip()
        return cls(answers)

    def only(self, path: Path, *names: str) -> Reading:
        """The reading itself, if a reader that asks for nothing but `names` can use all of it.

        Raises:
            SourceError: It answers something that is not asked for this file.
        """
        for name in self:
            if name not in names:
                known = f"it can be given {', '.join(names)}" if names else "it leaves nothing open"
                raise SourceError(f"{path} is not read by a setting called {name}; {known}.")
        return self

    def __or__(self, other: Mapping[str, str]) -> Reading:
        return Reading({**self._answers, **other})

    def __getitem__(self, name: str) -> str:
        return self._answers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._answers)

    def __len__(self) -> int:
        return len(self._answers)

    def __str__(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._answers.items())

    def __repr__(self) -> str:
        return f"Reading({str(self)!r})"


class UnclearFileError(SourceError):
    """Two readings of a file fit, or it does not say enough to be read; the questions decide.

    Attributes:
        questions: What has to be answered.

    Example:
        >>> from wholefield.sources import Question, UnclearFileError
        >>> UnclearFileError("scan.raw does not say its size.", (Question("size", "Size"),)).questions[0].name
        'size'
    """

    def __init__(self, message: str, questions: tuple[Question, ...]) -> None:
        """Keep the questions beside the sentence.

        Args:
            message: A sentence that names the file, what is open, and how to say it from a script.
            questions: What has to be answered before the file can be opened.
        """
        super().__init__(message)
        self.questions = questions
