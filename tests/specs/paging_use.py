"""What must come of the lists of paging.yaml; tests/generator/test_specs.py runs this."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from paging import AsyncClient, Client, NotFoundError, ResponseDecodeError, Summary
from stand_in import Answer, Request, Server

JOBS = [{"job_id": str(number), "state": "running"} for number in range(45)]
asked: list[str] = []


def answer(request: Request) -> Answer:
    asked.append(request.path)
    url = urlsplit(request.path)
    query = {key: int(value) for key, (value,) in parse_qs(url.query).items() if key != "state"}
    if url.path == "/teams/gone/members":
        return Answer(404)
    if url.path == "/zero":
        page = query.get("page", 0)
        numbers = [page * 2, page * 2 + 1] if page < 3 else []
        return Answer(200, {"content": numbers, "number": page, "totalPages": 3})
    if url.path != "/jobs":
        page = query.get("page", 1)
        return Answer(200, {"members": [f"{page}a", f"{page}b"] if page < 4 else []})
    size, offset = query.get("per_page", 20), query.get("offset", 0)
    body: dict[str, Any] = {"current_page": offset // size + 1, "total_pages": -(-45 // size)}
    body["records"] = JOBS[offset : offset + size] if size != 7 else [{"job_id": 7}]
    return Answer(200, body)


def numbers(jobs: list[Summary]) -> list[int]:
    return [int(job.job_id) for job in jobs]


async def use_async(url: str) -> None:
    async with AsyncClient("token", base_url=url) as client:
        jobs: AsyncIterator[Summary] = client.iter_jobs(per_page=10)
        assert numbers([job async for job in jobs]) == list(range(45))
        assert [name async for name in client.iter_members("x")] == names
        with pytest.raises(NotFoundError):
            await anext(client.iter_members("gone"))


names = ["1a", "1b", "2a", "2b", "3a", "3b"]
with Server(answer) as server, Client("token", base_url=server.url) as client:
    first = client.list_jobs(per_page=10)
    assert first.records is not None
    assert len(first.records) == 10
    jobs: Iterator[Summary] = client.iter_jobs(per_page=10, state="running")
    asked.clear()
    assert next(jobs) == Summary.from_dict(JOBS[0])
    assert len(asked) == 1, "a page is asked for when it is needed"
    assert numbers(list(jobs)) == list(range(1, 45))
    queries = [parse_qs(urlsplit(path).query) for path in asked]
    assert [query.get("offset") for query in queries] == [None, ["10"], ["20"], ["30"], ["40"]]
    assert all(query["state"] == ["running"] for query in queries)
    assert numbers(list(client.iter_jobs(offset=30))) == list(range(30, 45))
    assert list(client.iter_members("x")) == names
    assert list(client.iter_members("x", page=3)) == names[4:]
    assert list(client.iter_zero()) == [0, 1, 2, 3, 4, 5], "its first page is 0"
    assert list(client.iter_zero(page=0)) == [0, 1, 2, 3, 4, 5]
    assert list(client.iter_zero(page=1)) == [2, 3, 4, 5]
    with pytest.raises(NotFoundError):
        next(client.iter_members("gone"))
    with pytest.raises(ResponseDecodeError, match="records: expected an array of items"):
        list(client.iter_jobs(per_page=7))
    asyncio.run(use_async(server.url))
said = " ".join(str(Client.list_jobs.__doc__).split())
assert (
    "per_page: How many jobs a page has. The API's default is `20`. At least 1, at most 100."
    in said
)
assert "offset: How many jobs to leave out. At least 0." in said
assert "team: The parameter `team`. At most 20 characters." in " ".join(
    str(Client.members.__doc__).split()
)
print("all is well")
