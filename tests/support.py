"""What the tests share, beside the fixtures of conftest.py."""

from __future__ import annotations

import inspect
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import anyio
import regenerate as regenerate_script
from dateutil.parser import isoparse
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from narrative_jobs import AsyncClient, Client
from stand_in import TOKEN, load_spec

ROOT = Path(__file__).resolve().parent.parent
PAYLOADS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "tests" / "payloads").glob("*.json"))
}
JOB_ID = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"
"""The id of the job in the page's sample."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
"""Any JSON value."""

SOUND = {
    "job_id": "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c",
    "type": "materialize-view",
    "state": "running",
    "created_at": "2023-10-31T11:19:13Z",
    "updated_at": "2023-10-31T11:19:13Z",
}
"""The least that is a job."""

Action = Callable[[Any], Any]


class Flavour:
    """One way of using the clients, so that one test body serves them all."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.client_class = Client if name == "sync" else AsyncClient
        self.backend = "trio" if name == "trio" else "asyncio"

    def run(self, action: Action, token: str | None = TOKEN, **options: Any) -> Any:
        """Make a client, do `action` with it, and close it; wait for what is to be awaited."""
        if self.name == "sync":
            with Client(token, **options) as client:
                return action(client)

        if self.name == "aiohttp" and "http_client" not in options:
            options["transport"] = "aiohttp"

        async def main() -> Any:
            async with AsyncClient(token, **options) as client:
                result = action(client)
                return await result if inspect.isawaitable(result) else result

        # By default trio lets Ctrl-C strike in the midst of any library's bookkeeping, anyio's too.
        calm = {"restrict_keyboard_interrupt_to_checkpoints": True} if self.name == "trio" else {}
        return anyio.run(main, backend=self.backend, backend_options=calm)


def payload(name: str) -> dict[str, Any]:
    """Give a fresh copy of one of tests/payloads/."""
    copy: dict[str, Any] = json.loads(json.dumps(PAYLOADS[name]))
    return copy


def without(mapping: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Give a mapping without some keys."""
    return {key: value for key, value in mapping.items() if key not in keys}


def validator(name: str) -> Draft202012Validator:
    """Validate against a schema of the spec, formats included but for the timestamps' offset."""
    return Draft202012Validator(
        {**load_spec(), "$ref": f"#/components/schemas/{name}"},
        format_checker=FormatChecker(formats=["uuid"]),
    )


def copy_of_the_repo(folder: Path, leave_out: str = "nothing") -> Path:
    """Copy what git tracks, or would; a folder of it may be left out."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.split("\0"):
        if (ROOT / name).is_file() and not name.startswith(f"{leave_out}/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def regenerate(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run scripts/regenerate: in this process, where no variable is to be set for it."""
    if environment:
        return subprocess.run(
            [ROOT / "scripts" / "regenerate", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **environment},
        )
    out, err = io.StringIO(), io.StringIO()
    with (
        patch("sys.argv", ["regenerate", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            code: Any = regenerate_script.main()
        except SystemExit as error:
            code = error.code
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def take(jobs: Any, into: list[Any] | None = None) -> Any:
    """Put what an iteration yields into a list, and give that; for either kind of iterator."""
    taken = [] if into is None else into
    if isinstance(jobs, Iterator):
        taken.extend(jobs)
        return taken

    async def all_of_them() -> list[Any]:
        async for job in jobs:
            taken.append(job)
        return taken

    return all_of_them()


def write(path: Path, document: Any) -> Path:
    """Write a document as JSON, and give its path."""
    path.write_text(json.dumps(document))
    return path


TIMESTAMPS = {("created_at",), ("updated_at",), ("ended_at",)}


def assert_same(encoded: Any, sent: Any, path: tuple[str, ...] = ()) -> None:
    """Compare key for key; a timestamp, and nothing else, by instant."""
    if encoded == sent:
        return
    if path in TIMESTAMPS or (path[:1] == ("failures",) and path[1:] == ("timestamp",)):
        if sent is not None:
            was = isoparse(sent)
            assert datetime.fromisoformat(encoded) == was.replace(tzinfo=was.tzinfo or UTC)
            assert datetime.fromisoformat(encoded).utcoffset() is not None
        else:
            assert encoded is None
    elif isinstance(sent, dict) and path in {(), ("failures",)}:
        assert encoded.keys() == sent.keys()
        for key in sent:
            assert_same(encoded[key], sent[key], (*path, key))
    elif isinstance(sent, list) and path == ("failures",):
        assert len(encoded) == len(sent)
        for one, other in zip(encoded, sent, strict=True):
            assert_same(one, other, path)
    else:
        assert encoded == sent


def samples_of_the_readme() -> list[str]:
    """Return the samples in Python, in their order."""
    return re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
