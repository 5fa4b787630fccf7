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

ROOT = Path(__file__).resolve().parent.parent

USE = """
import asyncio, importlib.metadata as metadata, sys, narrative_jobs
from narrative_jobs import AsyncClient, Client, MaterializeViewJob, job_from_dict

url, token = sys.argv[1:]
job_id = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"

async def fetch():
    async with AsyncClient(token, base_url=url) as client:
        return await client.get_job(job_id)

with Client(token, base_url=url) as client:
    for _ in range(3):
        job = client.get_job(job_id)
assert isinstance(job, MaterializeViewJob)
assert job.result.snapshot_id == 1724919539450264600
assert asyncio.run(fetch()) == job
# A timestamp that only python-dateutil reads.
late = job_from_dict(job.to_dict() | {"ended_at": "2023-10-31t24:00:00z"})
assert late.ended_at.isoformat() == "2023-11-01T00:00:00+00:00"
assert metadata.version("narrative-jobs") == narrative_jobs.__version__
assert "site-packages" in narrative_jobs.__file__
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
        return await client.get_job("2a5b9ad7-dc8f-47bb-8e62-843a38f8054c")

assert asyncio.run(fetch(*sys.argv[1:])).state == "completed"
"""


def install(wheel: Path, folder: Path, python: str, *, lowest: bool) -> Path:
    """Make an environment in `folder` with the wheel, and give its interpreter."""
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    interpreter = folder / "bin" / "python"
    add(interpreter, str(wheel), lowest=lowest)
    return interpreter


def add(interpreter: Path, wheel: str, *, lowest: bool, extra: str | None = None) -> None:
    """Install the wheel, or the wheel with an extra, into an environment."""
    pins = lower_bounds(extra) if lowest else []
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(interpreter)]
    target = f"{wheel}[{extra}]" if extra else wheel
    subprocess.run([*pip, "install", "--quiet", target, *pins], check=True)


def lower_bounds(extra: str | None = None) -> list[str]:
    """Pin every dependency of pyproject.toml to the oldest version that it allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    more = project["optional-dependencies"][extra] if extra else []
    return [re.sub(r">=([^,]+).*", r"==\1", line) for line in [*project["dependencies"], *more]]


def try_command(command: Path, environment: dict[str, str], *, code: int, says: str) -> None:
    """Wait for a job at the command line, and see what that comes to."""
    job_id = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"
    run = subprocess.run(
        [command, "wait", job_id], capture_output=True, text=True, check=False, env=environment
    )
    if run.returncode != code or says not in run.stdout + run.stderr:
        raise SystemExit(f"{command.name} exited {run.returncode}:\n{run.stdout}{run.stderr}")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="scripts/try_wheel.py", description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--python", default=sys.executable, help="the interpreter to try it on")
    parser.add_argument("--lowest", action="store_true", help="with the oldest dependencies")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Server(jobs_of_the_spec()) as server:
        python = install(options.wheel, Path(folder), options.python, lowest=options.lowest)
        run = subprocess.run(
            [python, "-I", "-W", "error", "-c", USE, server.url, TOKEN], check=False
        )
        if run.returncode:
            return run.returncode
        command = python.with_name("narrative-jobs")
        environment = {"NARRATIVE_API_KEY": TOKEN, "NARRATIVE_ENVIRONMENT": server.url}
        try_command(command, environment, code=2, says="pip install 'narrative-jobs[cli]'")
        add(python, str(options.wheel), lowest=options.lowest, extra="cli")
        try_command(command, environment, code=0, says=": completed")
        add(python, str(options.wheel), lowest=options.lowest, extra="aiohttp")
        run = subprocess.run([python, "-I", "-c", USE_AIOHTTP, server.url, TOKEN], check=False)
        return run.returncode


if __name__ == "__main__":
    sys.exit(main())
