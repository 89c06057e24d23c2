"""One thread for all: requests that wait together are joined, and nobody gets another's answer."""

import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor

import numpy as np
import pytest

from vaekit.web.worker import QueueFullError, Worker


@pytest.fixture
def worker():
    made = Worker(max_queue=40, max_batch=10)
    yield made
    made.close()


class Held:
    """Work that waits until it is let go, so that others gather behind it."""

    def __init__(self, worker):
        self.began, self.go = threading.Event(), threading.Event()
        self.future = worker.submit(self.run)
        assert self.began.wait(10)

    def run(self):
        self.began.set()
        assert self.go.wait(10)


def test_requests_that_wait_together_are_joined(worker):
    calls = []

    def double(payloads):
        calls.append(list(payloads))
        return [2 * payload for payload in payloads]

    held = Held(worker)
    futures = [worker.submit_batched(double, payload=at, size=3) for at in range(7)]
    held.go.set()
    assert [future.result(10) for future in futures] == [0, 2, 4, 6, 8, 10, 12]
    assert calls == [[0, 1, 2], [3, 4, 5], [6]]


def test_other_work_is_not_joined_and_keeps_its_turn(worker):
    order = []

    def work(name):
        return lambda payloads: [order.append((name, payload)) for payload in payloads]

    first, second = work("first"), work("second")
    held = Held(worker)
    futures = [
        worker.submit_batched(first, payload=0, size=1),
        worker.submit_batched(second, payload=1, size=1),
        worker.submit_batched(first, payload=2, size=1),
    ]
    held.go.set()
    for future in futures:
        future.result(10)
    assert order == [("first", 0), ("first", 2), ("second", 1)]


def test_what_goes_wrong_is_told_to_all_who_asked_and_ends_nothing(worker):
    def broken(_):
        raise ValueError("broken")

    held = Held(worker)
    futures = [worker.submit_batched(broken, payload=at, size=1) for at in range(2)]
    held.go.set()
    for future in futures:
        with pytest.raises(ValueError, match="broken"):
            future.result(10)
    assert worker.submit(lambda: 1).result(10) == 1


def test_who_does_not_wait_any_more_is_not_worked_for(worker):
    done = []
    held = Held(worker)
    gone, stays = (worker.submit(lambda at=at: done.append(at)) for at in range(2))
    gone.cancel()
    held.go.set()
    stays.result(10)
    assert done == [1]


def test_a_queue_that_is_full_refuses(worker):
    held = Held(worker)
    for _ in range(40):
        worker.submit(lambda: None)
    with pytest.raises(QueueFullError, match="try again"):
        worker.submit(lambda: None)
    held.go.set()


def test_slow_work_goes_on_while_nobody_waits(worker):
    steps, done = [], threading.Event()

    def slow():
        for step in range(3):
            steps.append(step)
            yield
        done.set()

    worker.run_when_idle(slow())
    assert done.wait(10)
    assert steps == [0, 1, 2]
    assert worker.submit(lambda: 1).result(10) == 1


def test_slow_work_that_fails_is_given_up(worker, caplog):
    def bad():
        yield
        raise RuntimeError("no more")

    worker.run_when_idle(bad())
    assert worker.submit(lambda: 1).result(10) == 1
    assert worker.submit(lambda: 2).result(10) == 2


def test_an_end_cancels_those_who_wait():
    worker = Worker()
    held = Held(worker)
    waits = worker.submit(lambda: None)
    ends = threading.Thread(target=worker.close)
    ends.start()
    held.go.set()
    ends.join(10)
    with pytest.raises(CancelledError):
        waits.result(1)
    with pytest.raises(QueueFullError):
        worker.submit(lambda: None)


@pytest.mark.slow
def test_sixty_four_clients_get_what_one_would(server):
    rng = np.random.default_rng(5)
    asked = [rng.normal(size=(1 + at % 7, 4)).round(3).tolist() for at in range(128)]
    alone = [server.array(server.post("0/decode", codes=codes)) for codes in asked]

    def ask(part):
        return [
            server.array(server.post("0/decode", codes=asked[at]))
            for at in range(part, len(asked), 64)
        ]

    with ThreadPoolExecutor(64) as pool:
        found = list(pool.map(ask, range(64)))
    for part in range(64):
        for at, made in zip(range(part, len(asked), 64), found[part], strict=True):
            # in a joined batch a product may round otherwise, by one level of 255 at most
            assert made.shape == alone[at].shape
            assert np.abs(made.astype(int) - alone[at]).max() <= 1


def test_noise_is_one_s_own_under_load(server):
    """Draws use the random generator of the process, which only one request may use at a time."""
    body = {"row": 3, "draws": 4, "seed": 7}
    alone = server.post("0/encode", **body).json()

    def ask(_):
        return server.post("0/encode", **body).json()

    with ThreadPoolExecutor(16) as pool:
        assert all(told["draws"] == alone["draws"] for told in pool.map(ask, range(48)))
