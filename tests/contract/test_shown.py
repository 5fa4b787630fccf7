"""How a job looks to people: in a log, in a notebook, in help()."""

from __future__ import annotations

import itertools
import pydoc
import textwrap
from collections.abc import Callable
from html.parser import HTMLParser

import narrative_jobs
import pytest
from narrative_jobs import MaterializeViewJob, job_from_dict, models
from stand_in import TOKEN, Server, load_spec
from support import JOB_ID, PAYLOADS, payload

SCHEMAS = load_spec()["components"]["schemas"]


def test_the_repr_of_a_job_is_short_and_says_what_matters() -> None:
    sent = payload("page-sample")
    sent["input"]["nql"] = "SELECT " + "x, " * 100_000
    said = repr(job_from_dict(sent))
    assert len(said) < 1200
    assert "\n" not in said
    for part in (
        "MaterializeViewJob(job_id=UUID('2a5b9ad7-dc8f-47bb-8e62-843a38f8054c')",
        "state=<JobState.COMPLETED: 'completed'>",
        "nql='SELECT x, x, ",
        "snapshot_id=1724919539450264600",
    ):
        assert part in said
    assert "None" not in said


def test_a_short_repr_is_python() -> None:
    for name in ("bare", "unheard-of", "nql-forecast-completed"):
        job = job_from_dict(payload(name))
        names = {**vars(models), "datetime": __import__("datetime"), "UUID": type(job.job_id)}
        members = {repr(m): f"JobState.{m.name}" for m in models.JobState}
        text = repr(job)
        for shown, code in members.items():
            text = text.replace(shown, code)
        assert eval(text, names) == job


class Table(HTMLParser):
    """Reads the rows of a table, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_notebook_shows_a_table(name: str) -> None:
    job = job_from_dict({**payload(name), "more": "<script>alert(1)</script>"})
    shown = job._repr_html_()
    table = Table(shown)
    assert table.open == []
    assert "<script" not in shown
    assert table.texts[0] == type(job).__name__
    rows = dict(zip(table.texts[1::2], table.texts[2::2], strict=False))
    assert rows["job_id"] == str(job.job_id)
    assert rows["created_at"] == str(job.created_at)
    assert str(job.state) in rows["state"]
    for failure in job.failures or []:
        assert failure.message in table.texts


@pytest.mark.parametrize("name", [n for n in models.__all__ if n in SCHEMAS])
def test_help_tells_what_the_fields_are(name: str) -> None:
    said = " ".join(pydoc.plain(pydoc.render_doc(getattr(models, name))).split())
    for part in [SCHEMAS[name], *SCHEMAS[name].get("allOf", [])]:
        if "$ref" in part:
            part = SCHEMAS[part["$ref"].rsplit("/", 1)[1]]
        for field, schema in part.get("properties", {}).items():
            attribute = "forecast" if field == "Forecast" else field
            text = " ".join(schema.get("description", "").replace("|", " ").split())
            assert f"{attribute}: {text}".replace("|", " ") in said.replace("| ", "")


def test_help_of_the_package_begins_with_an_example_that_works(
    serve: Callable[..., Server],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("NARRATIVE_API_KEY", TOKEN)
    monkeypatch.setenv("NARRATIVE_ENVIRONMENT", serve(payload("page-sample")).url)
    title, _, lead, *lines = str(narrative_jobs.__doc__).splitlines()
    assert (title, lead) == ("A client of the Narrative I/O Jobs API.", "For example:")
    example = "\n".join(itertools.takewhile(lambda line: not line or line[0] == " ", lines))
    exec(textwrap.dedent(example), {"job_id": JOB_ID})
    assert capsys.readouterr().out == "completed\n"


def test_the_models_share_one_documented_way_to_read_and_write() -> None:
    assert MaterializeViewJob.from_dict.__func__ is models.Failure.from_dict.__func__  # type: ignore[attr-defined]
    assert "strict" in str(MaterializeViewJob.from_dict.__doc__)
