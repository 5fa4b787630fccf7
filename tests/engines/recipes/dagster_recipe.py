"""Wait for a job in Dagster: in a run, or for hours by a sensor that holds none."""

import json
from typing import Any

import dagster as dg
from narrative_jobs import APIError, Client, Job, JobEndedError, MaterializeViewJob, NotFoundError


class Narrative(dg.ConfigurableResource[Client]):
    """The API; give the key as `dg.EnvVar("NARRATIVE_API_KEY")`, and Dagster stores its name."""

    api_key: str
    server: str = "prod"

    def client(self) -> Client:
        """Return a client, to be used in a `with` statement."""
        return Client(self.api_key, environment=self.server)


class JobConfig(dg.Config):
    """Which job a run waits for."""

    job_id: str


def described(job: Job) -> dict[str, Any]:
    """Return metadata; as text, because a browser rounds integers beyond 2**53."""
    result = job.result if isinstance(job, MaterializeViewJob) else None
    return {
        "job": dg.MetadataValue.md(f"```\n{json.dumps(job.to_dict(), indent=2)}\n```"),
        "snapshot_id": dg.MetadataValue.text(str(result.snapshot_id if result else "none")),
    }


@dg.asset
def view(config: JobConfig, narrative: Narrative) -> dg.MaterializeResult[Any]:
    """Wait for the job in a run, which is not tried again where the job has a bad end."""
    with narrative.client() as client:
        try:
            job = client.wait_for_job(config.job_id, max_wait=3600)
        except JobEndedError as error:
            raise dg.Failure(
                str(error), metadata=described(error.job), allow_retries=False
            ) from error
    metadata = described(job)
    return dg.MaterializeResult(
        metadata=metadata, data_version=dg.DataVersion(metadata["snapshot_id"].text)
    )


LARGE_VIEW = dg.AssetSpec("large_view")
STARTED = dg.AssetKey("started_job")
"""What starts a job materializes this, with the `job_id` as metadata."""


@dg.sensor(minimum_interval_seconds=60)
def ended_jobs(context: dg.SensorEvaluationContext, narrative: Narrative) -> dg.SensorResult:
    """Look once at each job that has not ended; the cursor keeps which ones these are."""
    after, running = json.loads(context.cursor or "[null, []]")
    started = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=STARTED, after_storage_id=after), limit=100, ascending=True
    )
    for record in started.records:
        after = record.storage_id
        if record.asset_materialization:
            running.append(record.asset_materialization.metadata["job_id"].value)
    events: list[Any] = []
    with narrative.client() as client:
        for job_id in list(running):
            try:
                job = client.get_job(job_id)
            except NotFoundError as error:
                running.remove(job_id)
                events.append(dg.AssetObservation(LARGE_VIEW.key, description=str(error)))
                continue
            except APIError as error:
                context.log.warning(f"{job_id} comes at the next tick: {error}")
                continue
            if job.is_final:
                running.remove(job_id)
                event = dg.AssetMaterialization if job.succeeded else dg.AssetObservation
                events.append(event(LARGE_VIEW.key, metadata=described(job)))
    return dg.SensorResult(asset_events=events, cursor=json.dumps([after, running]))


definitions = dg.Definitions(
    assets=[view, LARGE_VIEW],
    sensors=[ended_jobs],
    resources={"narrative": Narrative(api_key=dg.EnvVar("NARRATIVE_API_KEY"))},
)
