"""The bounded queue: order, fullness that only stops reading, and a reader that is woken."""

from __future__ import annotations

import threading

from app.ingest.inbox import Inbox, Message


def message(i: int) -> Message:
    return Message("t", b"%d" % i, i, i, None)


def test_messages_leave_in_the_order_of_their_arrival_in_pieces() -> None:
    inbox = Inbox(1000)
    for i in range(10):
        inbox.put(message(i))
    assert [m.mid for m in inbox.take(4)] == [0, 1, 2, 3]
    assert [m.mid for m in inbox.take(100)] == [4, 5, 6, 7, 8, 9]
    assert inbox.take(5) == []


def test_a_full_inbox_says_so_and_still_takes_what_is_on_the_way() -> None:
    inbox = Inbox(3)
    for i in range(5):
        inbox.put(message(i))
    assert inbox.full
    assert len(inbox) == 5
    inbox.take(3)
    assert not inbox.full


def test_the_reader_is_woken_by_a_message_and_by_an_order() -> None:
    inbox = Inbox(10)
    woken = threading.Event()

    def read() -> None:
        inbox.wait(30.0)
        woken.set()

    for put in (lambda: inbox.put(message(1)), lambda: None):
        woken.clear()
        inbox.take(10)
        reader = threading.Thread(target=read)
        reader.start()
        put()
        inbox.notify()
        assert woken.wait(5.0)
        reader.join()


def test_waiting_ends_by_itself() -> None:
    inbox = Inbox(10)
    inbox.wait(0.0)
    assert len(inbox) == 0
