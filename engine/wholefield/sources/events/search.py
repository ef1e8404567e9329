"""Finding moments in a word stream without reading it: samples of its clock, and bisection between them.

Large recordings open at once this way; the index, which reads everything, replaces it later.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from wholefield.sources.events.codec import HIGH, UNKNOWN, Codec, Decoded, Integers, fresh_state
from wholefield.sources.events.event_words import WordFile
from wholefield.sources.events.index import SEGMENT

PROBE = 4096
# Cameras say the high time at least this often, in us, even if nothing moves.
REPEAT_US = 16
# Events lie at most this far, in us, from where the clock of the words around them says: two steps of the high time
# of EVT 3.0, and as much again for jitter. It is also how far before a window decoding begins, so that row, low time
# and vector position have been said when the window starts.
MARGIN_US = 4 * 4096


@dataclass(frozen=True)
class Sample:
    """A word that carries the (high) time: its position, and that time in us, unwrapped."""

    position: int
    time: int


class ClockSearch:
    """Samples of the clock, close enough together that no round of it is missed between two of them.

    A step from sample to sample is made shorter until the clock advances by less than a quarter of its period,
    and longer while it advances little. It is never longer than half a period takes at the rate at which cameras
    repeat the high time, so that no scene, however still, hides a round of the clock. Files of other software that
    say the time more rarely could; the index cannot be fooled.

    Attributes:
        orderly: Whether no sample is earlier than the one before it, as it is where a clock restarts.
    """

    def __init__(self, words: WordFile, codec: Codec) -> None:
        self._words = words
        self._codec = codec
        self.orderly = True
        self._samples = self._gallop()

    @property
    def empty(self) -> bool:
        """Whether no word says a time."""
        return not self._samples

    @property
    def first(self) -> int:
        """Position of the first word that says a time."""
        return self._samples[0].position

    def head(self) -> Decoded:
        """What the first words hold."""
        return self._codec.plain(self._words.read(0, 4 * SEGMENT), UNKNOWN)

    def tail(self) -> Decoded:
        """What the last words hold: of as many as are needed to find an event."""
        length = 4 * SEGMENT
        while True:
            begin = max(len(self._words) - length, self._samples[0].position)
            sample = self._sample(begin, self._nearest(begin).time)
            if sample is not None:
                found = self._codec.plain(self._words.read(sample.position, len(self._words)), sample.time)
                if found.events.size:
                    return found
            if begin == self._samples[0].position:
                return self._codec.plain(self._words.read(0, 0), UNKNOWN)
            length *= 2

    def begin(self, time: int) -> tuple[int, Integers]:
        """Where to begin decoding so that nothing from `time` on is missed, and the state there."""
        sample = self._before(time - MARGIN_US)
        state = fresh_state()
        state[HIGH] = sample.time
        return sample.position, state

    def end(self, time: int) -> int:
        """Where to end decoding so that nothing before `time` is missed."""
        if time + MARGIN_US >= self._samples[-1].time:
            return len(self._words)
        # The word found is the last of a segment at most that begins before the time.
        return min(self._before(time + MARGIN_US).position + SEGMENT + PROBE, len(self._words))

    def _before(self, time: int) -> Sample:
        """A sample not after a time, within about a segment of the last such one; the first one if none is."""
        place = bisect_right(self._samples, time, key=lambda sample: sample.time)
        low = self._samples[max(place - 1, 0)]
        high = self._samples[place].position if place < len(self._samples) else len(self._words)
        while high - low.position > SEGMENT:
            middle = (low.position + high) // 2
            sample = self._sample(middle, low.time)
            if sample is None or sample.position >= high or sample.time > time:
                high = middle
            else:
                low = sample
        return low

    def _nearest(self, position: int) -> Sample:
        place = bisect_right(self._samples, position, key=lambda sample: sample.position)
        return self._samples[max(place - 1, 0)]

    def _sample(self, position: int, before: int) -> Sample | None:
        """The first word from a position on that says a time, unwrapped relative to an earlier one."""
        while position < len(self._words):
            hit = self._codec.clock(self._words.read(position, position + PROBE))
            if hit is not None:
                offset, raw = hit
                return Sample(position + offset, raw if before == UNKNOWN else self._codec.after(before, raw))
            position += PROBE
        return None

    def _gallop(self) -> list[Sample]:
        first = self._sample(0, UNKNOWN)
        samples = [first] if first is not None else []
        period = 1 << self._codec.clock_bits
        longest = min(max(len(self._words) // 64, SEGMENT), period // (2 * REPEAT_US))
        step = SEGMENT
        while samples and (position := samples[-1].position + step) < len(self._words):
            last = samples[-1]
            sample = self._sample(position, last.time)
            if sample is None:
                break
            ahead = sample.time - last.time
            if step > SEGMENT and not 0 <= ahead < period // 4:
                step = max(step // 4, SEGMENT)
                continue
            # Damaged or jittering clocks may step back; samples stay in order.
            self.orderly &= ahead >= -MARGIN_US
            samples.append(Sample(sample.position, max(sample.time, last.time)))
            if ahead < period // 32:
                step = min(2 * step, longest)
            elif ahead > period // 12:
                step = max(step // 2, SEGMENT)
        return samples
