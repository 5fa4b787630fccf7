"""What scripts/demo shows in Python. It runs beside a stand-in for the API."""

from __future__ import annotations

import signal

from narrative_jobs import Client, NotFoundError

JOB_ID = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"
NO_JOB = "00000000-0000-0000-0000-000000000000"

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is quiet.
with Client() as client:
    print(f'>>> job = client.wait_for_job("{JOB_ID}", on_update=tell)')
    job = client.wait_for_job(JOB_ID, on_update=lambda job: print(f"it is {job.state}"))
    print(f'>>> job.result\n{job.result}\n>>> client.get_job("{NO_JOB}")')
    try:
        client.get_job(NO_JOB)
    except NotFoundError as error:
        print(f"NotFoundError: {error}")
