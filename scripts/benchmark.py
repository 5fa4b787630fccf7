"""Measure the package beside what it stands on, in turn, and print a table of ratios."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from attrs import asdict, define, field
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
WORKER = ROOT / "scripts" / "benchmark_worker.py"
ENVIRONMENTS = ROOT / ".venv-benchmark"
CORE_OPTIONS = "literal_enums: false\npost_hooks: []\npackage_name_override: stock_client\n"


@define
class Row:
    """A line of the table: what was measured, beside its floor, and the goal."""

    name: str
    ours: list[float]
    floor: list[float]
    unit: str
    goal: str
    bound: float
    is_rate: bool = False
    """Whether more is better."""
    others: dict[str, float] = field(factory=dict[str, float])
    """The same ratio for others."""
    notes: str = ""

    @property
    def ratios(self) -> list[float]:
        if not self.floor:
            return self.ours
        return [ours / floor for ours, floor in zip(self.ours, self.floor, strict=True)]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def is_met(self) -> bool:
        return self.ratio >= self.bound if self.is_rate else self.ratio <= self.bound

    def line(self) -> str:
        """Write the line in Markdown."""
        spread = f"{min(self.ratios):.2f} to {max(self.ratios):.2f}"
        figures = " : ".join(_shown(f, self.unit) for f in (self.ours, self.floor) if f)
        others = ", ".join(f"{name} {ratio:.2f}x" for name, ratio in self.others.items())
        times = "x" if self.floor else f" {self.unit}"
        verdict = "met" if self.is_met else "**not met**"
        ratio = f"{self.ratio:.2f}{times}".rstrip()
        ratio += f" ({spread})" if len(self.ratios) > 1 else ""
        cells = (self.name, figures, ratio, self.goal, verdict, others or self.notes)
        return f"| {' | '.join(cells)} |"


def _shown(figures: list[float], unit: str) -> str:
    value = statistics.median(figures)
    scale, name = {"s": (1e6, "µs"), "process": (1e3, "ms")}.get(unit, (1, unit))
    value *= scale
    return f"{value:,.3g} {name}".rstrip() if value < 100 else f"{value:,.0f} {name}"


class Bench:
    """The processes that measure, and the server that they ask."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self._paths = {"stock": [folder], "raw": [], "ours": [ROOT / "generated"]}
        self._paths["all"] = [folder, ROOT / "generated"]

    def run(self, subject: str, *arguments: str) -> Any:
        """Measure something in a process of its own."""
        bare = "raw" if subject in {"raw", "stock"} else "ours"
        paths = self._paths.get(subject, self._paths["ours"])
        run = subprocess.run(
            [ENVIRONMENTS / bare / "bin" / "python", WORKER, *arguments],
            env={"PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": ""},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return json.loads(run.stdout)

    def seconds(self, subject: str, *arguments: str) -> float:
        """Time a whole process."""
        bare = "raw" if subject in {"bare", "raw", "stock"} else "ours"
        paths = self._paths.get(subject, self._paths["ours"])
        began = time.perf_counter()
        subprocess.run(
            [ENVIRONMENTS / bare / "bin" / "python", *arguments],
            env={"PYTHONPATH": os.pathsep.join(map(str, paths))},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return time.perf_counter() - began

    def decoding(self) -> Iterator[Row]:
        """Measure the decoders."""
        found = self.run("all", "decode")
        stock, both = found["stock"], found["stock from bytes"]
        median = {name: statistics.median(figures) for name, figures in found.items()}
        per = {name: value / median["stock from bytes"] for name, value in median.items()}
        yield Row(
            "decode the page's sample : stock", found["ours"], stock, "s", "at most 0.5x", 0.5
        )
        yield Row(
            "the same from bytes : stock",
            found["ours from bytes"],
            both,
            "s",
            "at most 0.65x",
            0.65,
            others={
                "json.loads alone": per["json.loads"],
                "pydantic": per["pydantic from bytes"],
                "msgspec": per["msgspec from bytes"],
            },
        )
        sizes = self.run("ours", "large")
        yield Row("10,000 failures : 5,000, time by size", [sizes["time"]], [], "x", "linear", 1.2)
        yield Row("peak memory : the body", [sizes["memory"]], [], "x", "at most 3x", 3.0)

    def starting(self, rounds: int) -> Iterator[Row]:
        """Measure how soon a program is under way."""
        bare, imported = [], []
        cold: dict[str, list[float]] = {"raw": [], "ours": [], "stock": []}
        for _ in range(rounds):
            bare.append(self.seconds("bare", "-c", "pass"))
            imported.append(self.seconds("ours", "-c", "import narrative_jobs"))
            for subject, figures in cold.items():
                figures.append(self.seconds(subject, str(WORKER), "cold", subject, self.url))
        yield Row(
            "`import narrative_jobs` : bare Python", imported, bare, "process", "at most 1.3x", 1.3
        )
        yield Row(
            "cold first GET : raw httpx",
            cold["ours"],
            cold["raw"],
            "process",
            "at most 1.10x",
            1.10,
            others={"stock": statistics.median(cold["stock"]) / statistics.median(cold["raw"])},
        )

    def requests(self, rounds: int) -> Iterator[Row]:
        """Measure requests, one after another and many at once."""
        for kind in ("sync", "async"):
            found: dict[str, list[float]] = {"raw": [], "ours": [], "stock": []}
            for _ in range(rounds):
                for subject, figures in found.items():
                    figures.append(self.run(subject, kind, subject, self.url))
            yield Row(
                f"CPU of a GET, {kind} : raw httpx",
                found["ours"],
                found["raw"],
                "s",
                "at most 1.05x",
                1.05,
                others={
                    "stock": statistics.median(found["stock"]) / statistics.median(found["raw"])
                },
            )
        flights: dict[str, list[dict[str, float]]] = {
            "raw": [],
            "ours": [],
            "aiohttp": [],
            "stock": [],
        }
        for _ in range(rounds):
            for subject, some in flights.items():
                some.append(self.run(subject, "flight", subject, self.url))
        rates = {name: [one["rate"] for one in some] for name, some in flights.items()}
        median = {name: statistics.median(figures) for name, figures in rates.items()}
        others = {"stock": median["stock"] / median["raw"]}
        raw = rates["raw"]
        yield Row(
            "50 in flight : raw httpx",
            rates["ours"],
            raw,
            "GET/s",
            "at least 2.5x",
            2.5,
            True,
            others,
        )
        yield Row(
            "50 in flight, aiohttp : raw httpx",
            rates["aiohttp"],
            raw,
            "GET/s",
            "at least 5x",
            5.0,
            True,
        )
        cpu = statistics.median(one["cpu"] for one in flights["ours"])
        for kind in ("sync", "async"):
            for count in (1_000, 10_000):
                one = self.run("ours", "watch", self.url, kind, str(count), "cpu")
                name = f"CPU of a poll, {count:,} jobs, {kind} : a GET of 50 in flight"
                row = Row(name, [one["cpu"]], [cpu], "s", "at most 1x", 1.0)
                row.notes = f"{one['threads']:.0f} threads, {one['connections']} connections"
                yield row
                held = (
                    self.run("ours", "watch", self.url, kind, str(count), "memory")["memory"] / 1024
                )
                name = f"memory of a watched job, {count:,} jobs, {kind}"
                yield Row(name, [held], [], "KiB", "at most 4 KiB", 4.0)


def installed() -> Iterator[Row]:
    """Measure what an installation without extras brings."""
    path = next((ENVIRONMENTS / "ours" / "lib").glob("python*/site-packages"))
    known = {d.metadata["Name"].lower(): d for d in distributions(path=[str(path)])}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    todo = tomllib.loads(project)["project"]["dependencies"]
    names: set[str] = set()
    while todo:
        requirement = Requirement(todo.pop())
        name = requirement.name.lower()
        if name in names or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        if name in known:
            names.add(name)
            todo += known[name].requires or []
    size = sum(
        Path(str(file.locate())).stat().st_size
        for name in names
        for file in known[name].files or []
        if file.suffix != ".pyc" and Path(str(file.locate())).exists()
    )
    size += sum(p.stat().st_size for p in (ROOT / "generated").rglob("*") if p.suffix != ".pyc")
    yield Row("installed size, without .pyc", [size / 2**20], [], "MiB", "at most 3 MiB", 3.0)
    yield Row("distributions, ours included", [len(names) + 1], [], "", "at most 10", 10)


def stock(folder: Path) -> None:
    """Make the stock client out of the same spec, with the same generator."""
    config = folder / "config.yaml"
    config.write_text(CORE_OPTIONS, encoding="utf-8")
    target = folder / "stock_client"
    generator = ROOT / ".venv" / "bin" / "openapi-python-client"
    options = f"--meta none --path {ROOT / 'openapi.yaml'} --config {config} --output-path {target}"
    subprocess.run([generator, "generate", *options.split()], check=True, capture_output=True)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="scripts/benchmark", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep all figures there")
    parser.add_argument(
        "--profile",
        metavar="ROW",
        choices=["decode", "large", "sync", "async", "flight", "watch"],
        help="say where the time goes instead: decode, large, sync, async, flight or watch",
    )
    parser.add_argument("--rounds", type=int, default=4, help="by default 4")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        stock(folder)
        python = ENVIRONMENTS / "raw" / "bin" / "python"
        server = subprocess.Popen([python, WORKER, "server"], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout
            bench = Bench(folder, f"http://127.0.0.1:{int(server.stdout.readline())}")
            if options.profile:
                return profile(bench, folder, options.profile)
            rows = []
            for some in (
                bench.decoding(),
                bench.starting(2 * options.rounds),
                bench.requests(options.rounds),
                installed(),
            ):
                for row in some:
                    print(f"{row.name}: {row.ratio:.3f}", file=sys.stderr)
                    rows.append(row)
        finally:
            server.kill()
            server.wait()
    print(f"Python {sys.version.split()[0]}, {datetime.datetime.now(datetime.UTC).date()}\n")
    print("| what : its floor | figures | ratio (spread) | goal | | others |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print(row.line())
    if options.json:
        figures = [asdict(row) for row in rows]
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 0


def profile(bench: Bench, folder: Path, row: str) -> int:
    """Show where the time of a row goes."""
    more = {"watch": [bench.url, "sync", "1000", "cpu"], "decode": [], "large": []}
    python, arguments = ENVIRONMENTS / "ours" / "bin" / "python", more.get(row, ["ours", bench.url])
    paths = os.pathsep.join(map(str, [folder, ROOT / "generated"]))
    text = subprocess.run(
        [python, "-m", "cProfile", "-s", "tottime", WORKER, row, *arguments],
        env={"PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    print("\n".join(text.splitlines()[:50]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
