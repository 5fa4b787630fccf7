"""Install a wheel in a clean environment, and fetch a job with it from a stand-in for the API."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from stand_in import TOKEN, Server, jobs_of_the_spec

ROOT = Path(__file__).resolve().parents[2]

USE = """
import asyncio, importlib.metadata as metadata, sys, narrative_jobs
from narrative_jobs import AsyncClient, Client, MaterializeViewJob, job_from_dict

url, token = sys.argv[1:]
job_id = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"

async def fetch():
    async with AsyncClient(token, base_url=url) as client:
        return await client.wait_for_job(job_id)

with Client(token, base_url=url) as client:
    job = client.wait_for_job(job_id)
assert isinstance(job, MaterializeViewJob)
assert job.result.snapshot_id == 1724919539450264600
assert asyncio.run(fetch()) == job
# A timestamp that only python-dateutil reads.
late = job_from_dict(job.to_dict() | {"ended_at": "2023-10-31t24:00:00z"})
assert late.ended_at.isoformat() == "2023-11-01T00:00:00+00:00"
assert metadata.version("narrative-jobs") == narrative_jobs.__version__
assert "site-packages" in narrative_jobs.__file__
# Airflow, which is not here, would ask for this.
(provider,) = metadata.entry_points(group="apache_airflow_provider")
assert provider.load()()["package-name"] == "narrative-jobs"
names = ("httpx", "attrs", "anyio", "python-dateutil")
versions = ", ".join(f"{name} {metadata.version(name)}" for name in names)
python = ".".join(map(str, sys.version_info[:3]))
print(f"narrative-jobs {narrative_jobs.__version__} works on Python {python} with {versions}")
"""


USE_AIOHTTP = """
import asyncio, sys
from narrative_jobs import AsyncClient

async def fetch(url, token):
    async with AsyncClient(token, base_url=url, transport="aiohttp") as client:
        return await client.wait_for_job("2a5b9ad7-dc8f-47bb-8e62-843a38f8054c")

assert asyncio.run(fetch(*sys.argv[1:])).state == "completed"
"""


def install(wheel: Path, folder: Path, python: str, extras: str, *, lowest: bool) -> Path:
    """Make an environment in `folder` with the wheel and extras, and return its interpreter."""
    interpreter = folder / "bin" / "python"
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    pins = lower_bounds(extras) if lowest else []
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(interpreter)]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-compile", f"{wheel}{extras}", *pins], check=True
    )
    return interpreter


def lower_bounds(extras: str) -> list[str]:
    """Pin every dependency of pyproject.toml to the oldest version that it allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    more = [
        line for extra in filter(None, extras.strip("[]").split(",")) for line in optional[extra]
    ]
    return [re.sub(r">=([^,]+).*", r"==\1", line) for line in [*project["dependencies"], *more]]


def try_command(command: Path, url: str) -> None:
    """Wait for a job at the command line, and see what that comes to."""
    environment = {"NARRATIVE_API_KEY": TOKEN, "NARRATIVE_ENVIRONMENT": url}
    command_line = [str(command), "wait", "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"]
    run = subprocess.run(command_line, capture_output=True, text=True, env=environment)
    if run.returncode or "completed" not in run.stdout:
        raise SystemExit(f"{command.name} exited {run.returncode}:\n{run.stdout}{run.stderr}")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="scripts/try_wheel.py", description=__doc__)
    parser.add_argument("wheel", type=Path)
    other = "another interpreter to try it on, with the extras"
    parser.add_argument("--python", default=sys.executable, help=other)
    oldest = "with the extras, and the oldest of all"
    parser.add_argument("--lowest", action="store_true", help=oldest)
    options = parser.parse_args()
    is_bare = options.python == sys.executable and not options.lowest
    extras = "" if is_bare else "[cli,aiohttp]"
    with tempfile.TemporaryDirectory() as folder, Server(jobs_of_the_spec()) as server:
        python = install(options.wheel, Path(folder), options.python, extras, lowest=options.lowest)
        told = server.url, TOKEN
        subprocess.run([str(python), "-I", "-W", "error", "-c", USE, *told], check=True)
        if extras:
            subprocess.run([str(python), "-I", "-c", USE_AIOHTTP, *told], check=True)
        try_command(python.with_name("narrative-jobs"), server.url)


if __name__ == "__main__":
    main()
