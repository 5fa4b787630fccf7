"""Wait for a job with the generated client, over real HTTP, from a stand-in for the API."""

from __future__ import annotations

import os
import subprocess
import sys

from narrative_jobs import Client, MaterializeViewJob, NotFoundError
from stand_in import TOKEN, Server, jobs_of_the_spec

JOB_ID = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"

with Server(jobs_of_the_spec(pace=1.5, soon="0.5")) as server:
    print(f"A stand-in for the API listens on {server.url}.\n")
    print(f"$ narrative-jobs wait {JOB_ID}", flush=True)
    subprocess.run(
        [sys.executable, "-m", "narrative_jobs", "wait", JOB_ID],
        check=True,
        env={**os.environ, "NARRATIVE_API_KEY": TOKEN, "NARRATIVE_ENVIRONMENT": server.url},
    )

with Server(jobs_of_the_spec(pace=1.0, soon="0.3")) as server:
    print(f'\n>>> job = client.wait_for_job("{JOB_ID}", on_update=tell)')
    with Client(TOKEN, base_url=server.url) as client:
        job = client.wait_for_job(JOB_ID, on_update=lambda job: print(f"it is {job.state}"))
        assert isinstance(job, MaterializeViewJob)
        print(f">>> job.result\n{job.result}")
        print('>>> client.get_job("00000000-0000-0000-0000-000000000000")')
        try:
            client.get_job("00000000-0000-0000-0000-000000000000")
        except NotFoundError as error:
            print(f"NotFoundError: {error}")
