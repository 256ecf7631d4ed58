"""How much slower is a search for one of fifty users, while answers stream and files are added?

Needs a folder of notes and papers, any.

    python -m benchmarks.speed.serving DIR [--json] [--library KEEP]

Starts the service over a library of the folder, and measures a search (profile `fast`) over HTTP:
for one user alone; for fifty at once; for fifty at once beside five streaming answers and a file
that is added every second. Prints p50 and p95 of each, searches a second, the time to the first
sentence of an answer alone and among five, and how many requests failed.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.scaffold import argument_parser, report
from benchmarks.speed.verbs import QUERIES
from commonplace import Library

USERS, ANSWERS, ROUNDS = 50, 5, 6
QUESTIONS = (
    "Why does batch normalization speed up training?",
    "What is the bias-variance tradeoff?",
    "How does a variational autoencoder sample?",
    "What is gradient clipping for?",
    "How does dropout prevent overfitting?",
)


@contextmanager
def serving(library: Path) -> Iterator[str]:
    """The address of a service in a process of its own."""
    command = [sys.executable, "-m", "commonplace", "serve", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--library", str(library)],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[0].decode()
    finally:
        process.terminate()
        process.communicate(timeout=60)


class Users:
    """Requests and their times; failures are counted and not raised."""

    def __init__(self, address: str) -> None:
        limits = httpx.Limits(max_connections=USERS + ANSWERS + 5)
        self.client = httpx.Client(base_url=address, timeout=120, trust_env=False, limits=limits)
        self.failed = 0

    def timed(self, request: Callable[[], bool]) -> float:
        """Milliseconds of a request."""
        start = time.perf_counter()
        try:
            self.failed += not request()
        except httpx.HTTPError:
            self.failed += 1
        return 1000 * (time.perf_counter() - start)

    def search(self, number: int) -> float:
        """Milliseconds of a search that nobody made before."""
        query = f"{QUERIES[number % 6]} {number}"  # six: earlier figures were made with these
        return self.timed(
            lambda: self.client.get("/api/search", params={"q": query}).status_code == 200
        )

    def add(self, number: int) -> float:
        """Milliseconds until a file is taken; it is read later."""
        text = f"# Note {number}\n\nAn animal of this note is zebra{number}.\n".encode()
        name = {"name": f"added-{number}.md"}
        return self.timed(
            lambda: self.client.post("/api/files", params=name, content=text).status_code == 202
        )

    def first_sentence(self, question: str) -> float:
        """Milliseconds until the first sentence (or the refusal) is there; reads on to the end."""
        start, first = time.perf_counter(), 0.0
        body = {"question": question, "caution": "low"}
        with self.client.stream("POST", "/api/ask/stream", json=body) as response:
            for line in response.iter_lines():
                if line in {"event: sentence", "event: refusal"} and not first:
                    first = 1000 * (time.perf_counter() - start)
                self.failed += line == "event: error"
        return first


def measured(users: Users) -> dict[str, Any]:
    """Each situation in turn, warm."""
    for number in range(10):
        users.search(number)
    for question in QUESTIONS[:2]:
        users.first_sentence(question)
    figures = {"one user": summary([users.search(n) for n in range(100)], 1)}
    alone = [users.first_sentence(question) for question in QUESTIONS]
    with ThreadPoolExecutor(USERS) as pool:
        figures["fifty users"] = summary(list(pool.map(users.search, range(USERS * ROUNDS))), USERS)
    ended, among = threading.Event(), list[float]()
    with ThreadPoolExecutor(USERS + ANSWERS + 1) as pool:
        pool.submit(keep_adding, users, ended)
        asking = [pool.submit(keep_asking, users, ended, n) for n in range(ANSWERS)]
        times = list(pool.map(users.search, range(USERS * ROUNDS)))
        ended.set()
        for future in asking:
            among += future.result()
    figures["fifty users, five answers, adding"] = summary(times, USERS)
    return {
        "search_ms": figures,
        "first_sentence_ms": {"alone": median(alone), "among all that": median(among)},
        "failed": users.failed,
    }


def keep_adding(users: Users, ended: threading.Event) -> None:
    number = 0
    while not ended.wait(1.0):
        users.add(number)
        number += 1


def keep_asking(users: Users, ended: threading.Event, number: int) -> list[float]:
    times = []
    while not ended.is_set():
        times.append(users.first_sentence(QUESTIONS[number]))
    return times


def median(times: list[float]) -> float:
    return round(statistics.median(times), 0)


def summary(times: list[float], users: int) -> dict[str, float]:
    p50, p95 = np.percentile(times, [50, 95])
    rate = users * 1000 * len(times) / sum(times)  # as many at once as there are users
    return {"p50": round(p50, 1), "p95": round(p95, 1), "searches_a_second": round(rate, 1)}


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--library", type=Path, help="kept, and used again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        library = Library.open(options.library or Path(temporary) / "library")
        library.add(options.folder)
        with serving(library.folder.absolute()) as address:
            users = Users(address)
            time.sleep(5)  # the accelerator is made, and weights are opened
            figures = {"passages": library.status().totals["passages"], **measured(users)}
    report(options, figures, [json.dumps(figures, indent=2)])


if __name__ == "__main__":
    main()
