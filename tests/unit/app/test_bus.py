"""Facts reach everyone who listens, and one that fails silences nobody."""

from __future__ import annotations

import threading

from app.bus import Bus
from app.jobs import Cancelled, Jobs, Progress
from models.events import DeadLettersChanged, TagsChanged


def test_all_handlers_of_exactly_that_kind_are_called_in_their_order() -> None:
    bus, heard = Bus(), []
    bus.subscribe(TagsChanged, lambda e: heard.append(("a", e.t_us)))
    bus.subscribe(TagsChanged, lambda e: heard.append(("b", e.t_us)))
    bus.subscribe(DeadLettersChanged, lambda e: heard.append(("c", e.open_count)))
    bus.publish(TagsChanged(5))
    assert heard == [("a", 5), ("b", 5)]


def test_a_handler_that_fails_never_silences_the_others_nor_the_publisher() -> None:
    bus, heard = Bus(), []

    def broken(_event: TagsChanged) -> None:
        raise ZeroDivisionError

    bus.subscribe(TagsChanged, broken)
    bus.subscribe(TagsChanged, heard.append)
    bus.publish(TagsChanged(1))
    assert heard == [TagsChanged(1)]


def test_unsubscribing_while_an_event_is_on_its_way_and_twice() -> None:
    bus, heard = Bus(), []
    leave = bus.subscribe(TagsChanged, lambda e: (heard.append(e), leave()))
    bus.subscribe(TagsChanged, heard.append)
    bus.publish(TagsChanged(1))
    bus.publish(TagsChanged(2))
    leave()
    assert heard == [TagsChanged(1), TagsChanged(1), TagsChanged(2)]


def test_many_threads_may_subscribe_at_once() -> None:
    bus, heard = Bus(), []
    threads = [threading.Thread(target=lambda: bus.subscribe(TagsChanged, heard.append)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bus.publish(TagsChanged(1))
    assert len(heard) == 50


def test_jobs_run_elsewhere_and_can_be_told_to_stop() -> None:
    jobs, progress, at = Jobs(1), Progress(), threading.Event()

    def work() -> str:
        try:
            for i in range(1_000_000):
                progress.step(i, 1_000_000)
                at.set()
        except Cancelled:
            return "stopped"
        return "done"

    future = jobs.run(work)
    assert at.wait(5)
    progress.cancel()
    assert future.result(30) in ("stopped", "done")
    assert progress.total == 1_000_000
    assert jobs.run(threading.get_ident).result(5) != threading.get_ident()
    jobs.close()
