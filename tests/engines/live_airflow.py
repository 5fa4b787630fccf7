"""Airflow's real scheduler, triggerer, executor and database, with many deferred sensors.

Prints the figures as a table; exits 1 if one is not what it should be. It runs for about ten
minutes with 500 tasks on two cores, and no longer than 25. `LIVE_TASKS` sets another number.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path
from uuid import UUID

import psutil
from api import JOB
from cryptography.fernet import Fernet
from postgres import free_port, postgres
from sqlalchemy import create_engine, inspect, text
from stand_in import Answer, Request, Server

TASKS = int(os.environ.get("LIVE_TASKS", "500"))
KEY = f"live-key-{secrets.token_hex(16)}"
OUTAGE = 150.0
DEADLINE = time.monotonic() + 25 * 60
SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer")


class Jobs(Server):
    """Jobs that run until they are told to end."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.state, self.is_out = "running", False
        self.looked_at: Counter[str] = Counter()

    def _answer(self, request: Request) -> Answer:
        if request.headers["Authorization"] != f"Bearer {KEY}":
            return Answer(401, {"error": "Unauthorized", "error_description": "No such key."})
        if self.is_out:
            return Answer(502, "<html>Bad Gateway</html>")
        job_id = request.path.rsplit("/", 1)[1]
        self.looked_at[job_id] += 1
        state = self.state if UUID(job_id).int else "running"
        # More than an XCom can carry, and what Postgres refuses.
        result = {"dataset_id": 1, "snapshot_id": 2**70, "note": "\0"}
        return Answer(200, {**JOB, "job_id": job_id, "state": state, "result": result})


class Live:
    """An Airflow with all its services, in a folder of its own."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        folder.mkdir()
        self.database = create_engine(database)
        port = free_port()
        settings = {
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": "8",
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__DAGS_FOLDER": str(Path(__file__).resolve().parent / "live_dags"),
            "CORE__FERNET_KEY": Fernet.generate_key().decode(),
            "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "API__HOST": "127.0.0.1",
            "API__PORT": str(port),
            "API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "DATABASE__SQL_ALCHEMY_CONN": database,
            "TRIGGERER__CAPACITY": "1000",
        }
        self.environment = {
            **os.environ,
            **{f"AIRFLOW__{name}": value for name, value in settings.items()},
            "AIRFLOW_HOME": str(folder),
            "LIVE_TASKS": str(TASKS),
        }
        self.services: dict[str, subprocess.Popen[bytes]] = {}

    def command(self, *arguments: str) -> None:
        """Run a command of Airflow's to its end."""
        run = [sys.executable, "-m", "airflow", *arguments]
        with (self.folder / "commands.out").open("ab") as output:
            subprocess.run(run, check=True, env=self.environment, stdout=output, stderr=output)

    def start(self, service: str) -> None:
        """Start a service, in a process group of its own."""
        with (self.folder / f"{service}.out").open("ab") as output:
            self.services[service] = subprocess.Popen(
                [sys.executable, "-m", "airflow", service],
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self, service: str) -> None:
        """End a service and its children at once."""
        process = self.services.pop(service)
        for one in self.processes(process.pid):
            one.kill()
        process.wait()

    def stop(self) -> None:
        for process in self.services.values():
            process.send_signal(signal.SIGTERM)
        psutil.wait_procs([psutil.Process(one.pid) for one in self.services.values()], 10)
        for service in list(self.services):
            self.kill(service)

    @staticmethod
    def processes(pid: int) -> list[psutil.Process]:
        try:
            first = psutil.Process(pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def dags(self) -> int:
        """Count the DAGs that can be run."""
        with self.database.connect() as connection:
            return int(connection.scalar(text("SELECT count(*) FROM serialized_dag")) or 0)

    def states(self, task: str = "many") -> Counter[str]:
        """Count the states of the tasks."""
        query = text("SELECT state, count(*) FROM task_instance WHERE task_id = :task GROUP BY 1")
        with self.database.connect() as connection:
            rows = connection.execute(query, {"task": task}).all()
        return Counter({str(state): count for state, count in rows})

    def use(self) -> tuple[float, float]:
        """Return the seconds of processor that the triggerer took, and its memory in MiB."""
        found = self.processes(self.services["triggerer"].pid)
        times = [one.cpu_times() for one in found]
        memory = sum(one.memory_info().rss for one in found)
        return sum(one.user + one.system for one in times), memory / 2**20

    def connections(self, url: str) -> int:
        """Count the connections that the triggerer has to a server."""
        port = int(url.rpartition(":")[2])
        found = self.processes(self.services["triggerer"].pid)
        return sum(
            one.raddr[1:] == (port,) for process in found for one in process.net_connections()
        )

    def find(self, word: str) -> list[str]:
        """Say where a word is: in the files of the logs and outputs, or in the database."""
        places = [
            path for path in self.folder.rglob("*") if path.is_file() and path.suffix != ".db"
        ]
        found = [str(path) for path in places if word.encode() in path.read_bytes()]
        for table in inspect(self.database).get_table_names():
            with self.database.connect() as connection:
                rows = connection.execute(text(f'SELECT * FROM "{table}"'))
                found += [f"table {table}" for row in rows if word in str(tuple(row))]
        return found


class Figures:
    """The table, line by line."""

    def __init__(self) -> None:
        self.are_met = True
        print("| what | figure | goal | |\n| --- | --- | --- | --- |", flush=True)

    def add(self, what: str, figure: str, goal: str, *, is_met: bool) -> None:
        """Print a line."""
        self.are_met &= is_met
        print(f"| {what} | {figure} | {goal} | {'met' if is_met else '**not met**'} |", flush=True)


def until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is so, and say whether it came to be so in time."""
    ends = min(time.monotonic() + seconds, DEADLINE)
    while time.monotonic() < ends:
        if is_so():
            return True
        time.sleep(1.0)
    return False


def defer(live: Live, jobs: Jobs, figures: Figures) -> None:
    """Begin all tasks, and see what those that wait cost."""
    until(lambda: live.dags() == 2, 120)
    # With the first trigger, Airflow loads what it needs for any.
    live.command("dags", "trigger", "endless")
    until(lambda: live.states("endless")["deferred"] == 1 and jobs.looked_at.total() > 1, 120)
    time.sleep(5)
    _, before = live.use()
    began = time.monotonic()
    live.command("dags", "trigger", "many")
    until(lambda: live.states()["deferred"] == TASKS, 900)
    took = time.monotonic() - began
    states = live.states()
    figures.add(
        f"{TASKS} tasks deferred", f"{states['deferred']} after {took:.0f} s", str(TASKS),
        is_met=states["deferred"] == TASKS,
    )  # fmt: skip
    slots = states["running"] + states["queued"]
    figures.add("worker slots that they take", str(slots), "0", is_met=slots == 0)
    time.sleep(20)
    start, most = live.use()[0], 0
    for _ in range(60):
        time.sleep(1.0)
        most = max(most, live.connections(jobs.url))
    seconds, memory = live.use()
    share = (seconds - start) / 60
    figures.add("triggerer's share of a core", f"{share:.1%}", "under 10 %", is_met=share < 0.1)
    grown = memory - before
    figures.add(
        "its memory, beyond that with one", f"{grown:.1f} MiB", "under 20 MiB", is_met=grown < 20
    )
    figures.add("its connections to the API", str(most), "at most 16", is_met=most <= 16)


def trouble(live: Live, jobs: Jobs, figures: Figures) -> None:
    """Kill the triggerer, and let the API fail."""

    def lost() -> int:
        return TASKS - live.states()["deferred"]

    live.kill("triggerer")
    jobs.looked_at.clear()
    live.start("triggerer")
    until(lambda: len(jobs.looked_at) >= TASKS, 240)
    figures.add(
        "kill -9 of the triggerer", f"{lost()} lost, {len(jobs.looked_at)} watched again", "0 lost",
        is_met=not lost() and len(jobs.looked_at) >= TASKS,
    )  # fmt: skip
    jobs.is_out = True
    time.sleep(OUTAGE)
    jobs.is_out = False
    figures.add(f"{OUTAGE:.0f} s of 502", f"{lost()} lost", "0 lost", is_met=not lost())


def end(live: Live, jobs: Jobs, figures: Figures) -> None:
    """Let the jobs end, and see what came of the tasks."""
    began, jobs.state = time.monotonic(), "completed"
    until(lambda: live.states()["success"] + live.states()["failed"] == TASKS, 900)
    good = live.states()["success"]
    figures.add(
        "tasks that succeed", f"{good} after {time.monotonic() - began:.0f} s", str(TASKS),
        is_met=good == TASKS,
    )  # fmt: skip
    states = dict(live.states("endless"))
    figures.add(
        "a `timeout` of 30 s over all of this", str(states), "failed, not retried",
        is_met=states == {"failed": 1},
    )  # fmt: skip
    found = live.find(KEY)
    figures.add(
        "the key in the database, the logs, XCom", ", ".join(found) or "nowhere", "nowhere",
        is_met=not found,
    )  # fmt: skip


def main() -> int:
    """Run it all, and return the exit code."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="live-airflow-")))
        jobs = stack.enter_context(Jobs())
        live = Live(folder / "airflow", stack.enter_context(postgres(folder)))
        stack.callback(live.stop)
        live.command("db", "migrate")
        live.command(
            "connections", "add", "narrative_default", "--conn-type", "narrative",
            "--conn-host", jobs.url, "--conn-password", KEY,
        )  # fmt: skip
        for service in SERVICES:
            live.start(service)
        print(f"Airflow {metadata.version('apache-airflow')} on {live.database.name}:\n")
        figures = Figures()
        defer(live, jobs, figures)
        trouble(live, jobs, figures)
        end(live, jobs, figures)
    return int(not figures.are_met)


if __name__ == "__main__":
    sys.exit(main())
