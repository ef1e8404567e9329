"""Time words that were damaged on their way into a file: found by the clock around them, and replaced.

A clock only advances. A word that lies outside what the words before and behind it leave room for is therefore wrong,
unless those are out of order themselves. What is real stays as it is: after a silence, a new round of the clock or a
restart of the camera the words behind agree with the new time, and events that come late by less than `tolerance`, or
in a recording whose order is lost anyway, are not mistaken for damage.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from wholefield.sources.events.time_word import NEIGHBORS, RUN, Integers, TimeWord, Words

# Time words that are looked at on either side of what is read, and words within which they are searched for.
CONTEXT = 2 * (NEIGHBORS + RUN)
CONTEXT_WORDS, LARGEST_CONTEXT = 4096, 1 << 18
# Steps of at least this many us are reported: back anywhere, and ahead at the first and the last word.
TOLD_BACK_US, TOLD_AHEAD_US = 20_000, 100_000
# An end is told where it is that much farther off than the words next to it are from one another.
END_SHARE, END_STEPS = 20, 3


class ClockRepair:
    """Replaces damaged time words in what is read from a file; the same ones wherever reading begins.

    Attributes:
        count: Words replaced so far in what has been read from the start on without a gap.
        steps_back: Real steps back of the clock there.
        largest_back: The largest of them, in us.
    """

    def __init__(self, time_word: TimeWord, length: int, read: Callable[[int, int], Words]) -> None:
        """Prepare to repair.

        Args:
            time_word: Where the format keeps the time.
            length: Words in the file.
            read: Gives words [begin, end) as they are in the file.
        """
        self._word = time_word
        self._length = length
        self._read = read
        self._lock = threading.Lock()
        self._known = 0
        self._found: dict[int, int] = {}
        self.steps_back = 0
        self.largest_back = 0

    @property
    def count(self) -> int:
        """See the class."""
        return len(self._found)

    def apply(self, words: Words, begin: int) -> Words:
        """Words that begin at a position of the file, repaired."""
        end = begin + len(words)
        with self._lock:
            known = self._known
            found = {place: value for place, value in self._found.items() if begin <= place < end}
        if end > known:
            found, back = self._search(words, begin)
            with self._lock:
                if begin <= self._known < end:
                    first, self._known = self._known, end
                    self._found.update(found)
                    new = back[back[:, 0] >= first, 1]
                    self.steps_back += len(new)
                    self.largest_back = max(self.largest_back, int(new.max(initial=0)))
        if not found:
            return words
        words = words.copy()
        places = np.array(list(found), np.int64) - begin
        words[places] = self._word.replaced(words[places], np.array(list(found.values()), np.int64))
        return words

    def told(self) -> tuple[str, ...]:
        """Sentences about what was repaired and what was found."""
        told = []
        if self.count:
            words = "1 damaged time was" if self.count == 1 else f"{self.count} damaged times were"
            told.append(f"{words} found, which the times around exclude, and replaced by the time before.")
        if self.steps_back:
            often = "once" if self.steps_back == 1 else f"{self.steps_back} times"
            told.append(
                f"The clock of the file steps back {often}, by up to {self.largest_back / 1e6:.6g} s; "
                "times are kept as they are."
            )
        return (*told, *self._ends())

    def _ends(self) -> tuple[str, ...]:
        """Sentences about jumps at the first and the last word, which nothing can confirm or refute."""
        first = self._values_from(0, 1)[1][: NEIGHBORS + 2]
        last = self._values_from(self._length, -1)[1][-NEIGHBORS - 2 :]
        told = []
        for values, place in ((first, "first"), (last[::-1], "last")):
            steps = self._signed(np.diff(values)) * (1 if place == "first" else -1) * self._word.unit
            if len(steps) > END_STEPS and steps[0] > max(
                TOLD_AHEAD_US, END_SHARE * int(np.abs(steps[1:]).max())
            ):
                told.append(
                    f"The clock of the file jumps by {steps[0] / 1e6:.6g} s at its {place} time; if that word is "
                    "damaged, the recording is shorter than stated."
                )
        return tuple(told)

    def _search(self, words: Words, begin: int) -> tuple[dict[int, int], Integers]:
        """Replacements by position, and (position, us) of the steps back that remain."""
        nothing = np.zeros((0, 2), np.int64)
        from wholefield.sources.events.clock_faults import count_jumps, repair

        word = self._word
        mask = (1 << word.bits) - 1
        times, jumps = count_jumps(
            words, word.type_shift, word.type_mask, word.kind, word.shift, mask, word.tolerance
        )
        if not times or (times > RUN and not jumps):
            return {}, nothing
        end = begin + len(words)
        parts = [
            self._values_from(begin, -1),
            (word.places(words) + begin, word.values(words[word.places(words)])),
            self._values_from(end, 1),
        ]
        places = np.concatenate([part[0] for part in parts])
        values = np.concatenate([part[1] for part in parts])
        mended = values.copy()
        repair(values, mended, mask, word.tolerance)
        inside = (places >= begin) & (places < end)
        changed = np.flatnonzero(inside & (values != mended))
        steps = self._signed(np.diff(mended, prepend=mended[:1])) * word.unit
        back = np.flatnonzero(inside & (steps < -max(TOLD_BACK_US, word.tolerance * word.unit)))
        found = dict(zip(places[changed].tolist(), mended[changed].tolist(), strict=True))
        return found, np.stack([places[back], -steps[back]], 1)

    def _signed(self, steps: Integers) -> Integers:
        half = 1 << (self._word.bits - 1)
        return (steps + half) % (2 * half) - half

    def _values_from(self, position: int, direction: int) -> tuple[Integers, Integers]:
        """Places and values of time words right before or from a position on."""
        length = CONTEXT_WORDS
        while True:
            begin, end = (position, position + length) if direction > 0 else (position - length, position)
            begin, end = max(begin, 0), min(end, self._length)
            words = self._read(begin, end)
            places = self._word.places(words)
            if len(places) >= CONTEXT or length >= LARGEST_CONTEXT or end - begin < length:
                return places + begin, self._word.values(words[places])
            length *= 4
