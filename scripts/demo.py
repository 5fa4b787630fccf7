"""Fetch a job with the generated client, over real HTTP, from a stand-in for the API."""

from __future__ import annotations

from datetime import datetime

import attrs
from narrative_jobs import Client, NotFoundError
from stand_in import TOKEN, Server, jobs_of_the_spec

JOB_ID = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"


def show(value: attrs.AttrsInstance, indent: str = "  ") -> None:
    """Print a typed value, a field a line."""
    for field in attrs.fields(type(value)):
        inner = getattr(value, field.name)
        if inner is None or field.name.startswith("_") or inner == {}:
            continue
        if attrs.has(type(inner)):
            print(f"{indent}{field.name}: {type(inner).__name__}")
            show(inner, indent + "  ")
        elif isinstance(inner, str) and "\n" in inner:
            print(f"{indent}{field.name}:")
            for line in inner.splitlines():
                print(f"{indent}  | {line}")
        else:
            print(f"{indent}{field.name}: {inner if isinstance(inner, datetime) else repr(inner)}")


with Server(jobs_of_the_spec()) as server, Client(TOKEN, base_url=server.url) as client:
    print(f"A stand-in for the API listens on {server.url}.\n")
    for _ in range(3):
        job = client.get_job(JOB_ID)
        print(f"GET /jobs/{JOB_ID} -> {job.state}")
    print(f"\n{type(job).__name__}")
    show(job)
    print("\nAn unknown id:")
    try:
        client.get_job("00000000-0000-0000-0000-000000000000")
    except NotFoundError as error:
        print(f"  NotFoundError: {error}")
