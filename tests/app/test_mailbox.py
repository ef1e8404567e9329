import threading
import time

from pytestqt.qtbot import QtBot

from wholefield_app.mailbox import Mailbox


def test_items_from_many_threads_arrive_in_order_in_the_gui_thread(qtbot: QtBot) -> None:
    mailbox = Mailbox(interval_ms=10)
    got: list[tuple[int, int]] = []
    threads_of_delivery: set[int] = set()

    def take(items: list[tuple[int, int]]) -> None:
        got.extend(items)
        threads_of_delivery.add(threading.get_ident())

    mailbox.arrived.connect(take)

    def put_many(who: int) -> None:
        for number in range(500):
            mailbox.put((who, number))

    workers = [threading.Thread(target=put_many, args=(who,)) for who in range(4)]
    for worker in workers:
        worker.start()
    qtbot.waitUntil(lambda: len(got) == 2000)
    for worker in workers:
        worker.join()
    for who in range(4):
        assert [n for sender, n in got if sender == who] == list(range(500))
    assert threads_of_delivery == {threading.get_ident()}


def test_batches_are_no_more_frequent_than_the_interval(qtbot: QtBot) -> None:
    mailbox = Mailbox(interval_ms=50)
    times: list[float] = []
    seen: list[int] = []

    def take(items: list[int]) -> None:
        times.append(time.monotonic())
        seen.extend(items)

    mailbox.arrived.connect(take)
    stop = threading.Event()

    def pour() -> None:
        number = 0
        while not stop.wait(0.0005):
            mailbox.put(number)
            number += 1

    worker = threading.Thread(target=pour)
    start = time.monotonic()
    worker.start()
    qtbot.waitUntil(lambda: len(times) >= 6)
    stop.set()
    worker.join()
    mailbox.deliver()
    # The last batch was asked for by hand; a timer of Qt may fire up to 5 % early. A loaded machine may be late.
    assert all(moment - start >= 0.045 * number for number, moment in enumerate(times[:-1]))
    assert seen == list(range(len(seen)))


def test_delivery_by_hand_leaves_nothing_for_later(qtbot: QtBot) -> None:
    mailbox = Mailbox(interval_ms=20)
    batches: list[list[int]] = []
    mailbox.arrived.connect(batches.append)
    mailbox.put(1)
    mailbox.put(2)
    mailbox.deliver()
    assert batches == [[1, 2]]
    mailbox.put(3)
    qtbot.waitUntil(lambda: len(batches) == 2)
    assert batches[1] == [3]


def test_a_closed_mailbox_delivers_nothing(qtbot: QtBot) -> None:
    mailbox, other = Mailbox(), Mailbox()
    batches: list[list[int]] = []
    mailbox.arrived.connect(batches.append)
    mailbox.put(1)
    mailbox.close()
    with qtbot.waitSignal(other.arrived):
        other.put(2)
    assert batches == []
