"""The history of edits: bounded, and forgotten where something new is done."""

from dataclasses import dataclass

from wholefield.labels import History


@dataclass
class Flip:
    state: list[int]
    new: int

    def swap(self) -> None:
        self.state[0], self.new = self.new, self.state[0]


def test_the_oldest_steps_are_forgotten() -> None:
    state, history = [0], History(steps=3)
    for value in range(1, 6):
        flip = Flip(state, value)
        flip.swap()
        history.add(flip)
    assert [history.undo() and state[0] for _ in range(4)] == [4, 3, 2, False]
    assert history.redo()
    assert state == [3]
    history.add(Flip(state, 0))
    assert not history.can_redo
    history.clear()
    assert not history.can_undo
