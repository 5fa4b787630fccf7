"""Measure the package beside what it stands on, in turn, and print a table of ratios."""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import distributions
from itertools import chain, product
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WORKER = ROOT / "scripts" / "benchmark_worker.py"
ENVIRONMENTS = ROOT / ".venv-benchmark"
PATHS = {"PYTHONPATH": f"{ENVIRONMENTS / 'stock'}:{ROOT / 'tests'}"}
JOB_ID = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"
STARTS = {
    "import": "import narrative_jobs",
    "bare": "pass",
    "ours": "from narrative_jobs import Client; Client('t', base_url='{url}').get_job('{job_id}')",
    "raw": "import httpx, json; json.loads(httpx.Client().get('{url}/jobs/{job_id}').content)",
    "stock": "from stock_client import Client; from stock_client.api.jobs import get_job; "
    "get_job.sync('{job_id}', client=Client('{url}'))",
}
"""What is timed as a whole process."""

Figures = dict[str, list[float]]


class Row(NamedTuple):
    """A line of the table: figures beside their floor's, and the bound of the ratio."""

    name: str
    ours: list[float]
    floor: list[float]
    unit: str
    bound: float
    others: Mapping[str, float] = {}
    is_rate: bool = False
    """Whether more is better."""

    def line(self) -> str:
        """Return the line in Markdown."""
        ratios = [a / b for a, b in zip(self.ours, self.floor or [1] * len(self.ours), strict=True)]
        is_met = median(ratios) >= self.bound if self.is_rate else median(ratios) <= self.bound
        figures = [f"{median(some):,.4g} {self.unit}" for some in (self.ours, self.floor) if some]
        spread = f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        goal = f"at {'least' if self.is_rate else 'most'} {self.bound:g}"
        others = ", ".join(f"{name} {ratio:.3g}" for name, ratio in self.others.items())
        verdict = "met" if is_met else "**not met**"
        return f"| {self.name} | {' : '.join(figures)} | {spread} | {goal} | {verdict} | {others} |"


def command(subject: str, *arguments: str | Path) -> list[str | Path]:
    """Return what runs the interpreter of a subject's environment."""
    home = {"stock": "raw", "bare": "raw", "import": "ours", "aiohttp": "all"}.get(subject, subject)
    return [ENVIRONMENTS / home / "bin" / "python", *arguments]


def measure(subject: str, *arguments: str) -> Any:
    """Measure something in a process of its own."""
    run = command(subject, WORKER, *arguments)
    return json.loads(subprocess.run(run, stdout=subprocess.PIPE, env=PATHS, check=True).stdout)


def in_turn(subjects: str, rounds: int, key: str, row: str, *arguments: str) -> Figures:
    """Measure each subject in each round, so that all meet what else the machine does."""
    found: Figures = {subject: [] for subject in subjects.split()}
    for _ in range(rounds):
        for subject, figures in found.items():
            figures.append(measure(subject, row, subject, *arguments)[key])
    return found


def beside(found: Figures, floor: str, *others: str) -> dict[str, float]:
    """Return the ratios of others."""
    return {name: median(found[name]) / median(found[floor]) for name in others}


def decoding() -> Iterator[Row]:
    """Measure the decoders."""
    found = measure("all", "decode")
    yield Row("decode the page's sample : stock", found["ours"], found["stock"], "µs", 0.5)
    ours, floor = found["ours from bytes"], found["stock from bytes"]
    others = beside(found, "stock from bytes", "json.loads", "pydantic", "msgspec")
    yield Row("the same from bytes : stock", ours, floor, "µs", 0.65, others)


def starting(rounds: int, url: str) -> Iterator[Row]:
    """Measure how soon a program is under way."""
    found: Figures = {subject: [] for subject in STARTS}
    for _ in range(2 * rounds):
        for subject, code in STARTS.items():
            run = command(subject, "-c", code.format(url=url, job_id=JOB_ID))
            began = time.perf_counter()
            subprocess.run(run, env=PATHS, check=True)
            found[subject].append(1000 * (time.perf_counter() - began))
    yield Row("`import narrative_jobs` : bare Python", found["import"], found["bare"], "ms", 1.3)
    others = beside(found, "raw", "stock")
    yield Row("cold first GET : raw httpx", found["ours"], found["raw"], "ms", 1.1, others)


def requests(rounds: int, url: str) -> Iterator[Row]:
    """Measure requests, one after another and many at once."""
    for name, bound, row in (("sync", 0.95, ["sync", url]), ("async", 0.8, ["flight", url, "1"])):
        found = in_turn("raw ours stock", rounds, "cpu", row[0], *row[1:])
        others = beside(found, "raw", "stock")
        yield Row(
            f"CPU of a GET, {name} : raw httpx", found["ours"], found["raw"], "µs", bound, others
        )
    found = in_turn("raw ours stock aiohttp", rounds, "rate", "flight", url, "50")
    for subject, name, bound in (
        ("ours", "50 in flight", 3),
        ("aiohttp", "50 in flight, aiohttp", 5),
    ):
        others = beside(found, "raw", "stock")
        yield Row(f"{name} : raw httpx", found[subject], found["raw"], "GET/s", bound, others, True)


def waiting(url: str) -> Iterator[Row]:
    """Measure waits for very many jobs."""
    floor = measure("ours", "flight", "ours", url, "50")["cpu"]
    for kind, count in product(("sync", "async"), ("1000", "10000")):
        found = measure("ours", "watch", "ours", url, kind, count)
        name = f"CPU of a poll, {count} jobs, {kind} : a GET of 50 in flight"
        yield Row(name, [found.pop("cpu")], [floor], "µs", 1, found)


def installed() -> Iterator[Row]:
    """Measure what an installation without extras brings."""
    (site,) = ENVIRONMENTS.glob("ours/lib/python*/site-packages")
    sizes = [path.stat().st_size for path in site.rglob("*.*") if path.suffix != ".pyc"]
    yield Row("installed size, without .pyc", [sum(sizes) / 2**20], [], "MiB", 3)
    count = len(list(distributions(path=[str(site)])))
    yield Row("distributions, ours included", [count], [], "", 10)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="scripts/benchmark", description=__doc__)
    parser.add_argument("--rounds", type=int, default=4, help="by default 4")
    rounds: int = parser.parse_args().rounds
    run = command("raw", WORKER, "server")
    answering = subprocess.Popen(run, stdout=subprocess.PIPE, env=PATHS, text=True)
    try:
        assert answering.stdout
        url = f"http://127.0.0.1:{int(answering.stdout.readline())}"
        print(f"Python {sys.version.split()[0]}, {datetime.datetime.now(datetime.UTC).date()}\n")
        print("| what : its floor | figures | ratio (spread) | goal | | others : the floor |")
        print("| --- | --- | --- | --- | --- | --- |")
        rows = [starting(rounds, url), decoding(), requests(rounds, url), waiting(url), installed()]
        for row in chain(*rows):
            print(row.line(), flush=True)
    finally:
        answering.kill()
        answering.communicate()


if __name__ == "__main__":
    main()
