import threading

import pytest

from output.samples import OUTAGE
from probecli.model.result import Result
from probecli.output.worker import Worker


def test_every_result_is_worked_on_once_and_in_order() -> None:
    seen: list[Result] = []
    worker = Worker(seen.extend, pause_s=0.001)
    worker.start()
    results = [OUTAGE[number % 9] for number in range(2_000)]
    for one in results:
        worker.put(one)
    worker.finish()

    assert seen == results


def test_a_reader_that_stands_still_does_not_hold_up_who_puts() -> None:
    reads = threading.Event()
    seen: list[Result] = []

    def work(batch: list[Result]) -> None:
        reads.wait()
        seen.extend(batch)

    worker = Worker(work, pause_s=0)
    worker.start()
    for _ in range(1_000):
        worker.put(OUTAGE[0])
    assert not seen
    reads.set()
    worker.finish()

    assert len(seen) == 1_000


def test_an_error_comes_out_of_the_next_put_and_of_finish() -> None:
    failed = threading.Event()

    def work(batch: list[Result]) -> None:
        failed.set()
        raise BrokenPipeError

    worker = Worker(work)
    worker.start()
    worker.put(OUTAGE[0])
    failed.wait()
    worker.stop()
    with pytest.raises(BrokenPipeError):
        worker.put(OUTAGE[0])
    with pytest.raises(BrokenPipeError):
        worker.finish()


def test_what_is_put_during_the_last_batch_is_not_lost() -> None:
    begun, goes_on = threading.Event(), threading.Event()
    seen: list[Result] = []

    def work(batch: list[Result]) -> None:
        begun.set()
        goes_on.wait()
        seen.extend(batch)

    worker = Worker(work)
    worker.start()
    worker.put(OUTAGE[0])
    begun.wait()
    worker.put(OUTAGE[1])
    finishing = threading.Thread(target=worker.finish)
    finishing.start()
    while not worker.stopping:
        pass
    goes_on.set()
    finishing.join()

    assert seen == [OUTAGE[0], OUTAGE[1]]


def test_it_works_without_results_when_idle() -> None:
    turns = threading.Semaphore(0)
    worker = Worker(lambda batch: turns.release() and None, pause_s=0, idle_s=0.001)
    worker.start()

    assert all(turns.acquire(timeout=10) for _ in range(3))
    worker.stop()


def test_stopping_twice_or_before_the_start_is_fine() -> None:
    worker = Worker(lambda batch: None)
    worker.stop()
    worker.stop()
