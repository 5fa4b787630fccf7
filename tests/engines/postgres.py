"""A database for Airflow, for as long as it is needed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Give the URL of a database in a new Postgres, or of SQLite where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    initdb = shutil.which("initdb", path=os.pathsep.join(map(str, found)) or None)
    if not initdb:
        yield f"sqlite:///{folder / 'airflow.db'}"
        return
    place, port = folder / "postgres", free_port()
    place.mkdir()
    user: list[str] = []
    if os.geteuid() == 0:  # Postgres refuses to run as root.
        folder.chmod(0o755)
        shutil.chown(place, "postgres")
        user = ["runuser", "-u", "postgres", "--"]
    control = [*user, Path(initdb).with_name("pg_ctl"), "-D", place, "--silent"]
    options = f"-p {port} -k {place}"
    for run in (
        [*control, "initdb", "-o", "-U airflow --auth=trust"],
        [*control, "start", "-o", options, "-l", place / "postgres.out"],
    ):
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
    try:
        yield f"postgresql+psycopg2://airflow@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "stop", "-m", "immediate"], check=True)
