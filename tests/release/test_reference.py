"""The reference site has every public name, and no link that leads nowhere."""

from __future__ import annotations

import inspect
import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import attrs
import narrative_jobs
import pytest
from support import ROOT


class Page(HTMLParser):
    """What a page links to, and what can be linked to on it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self.ids |= {values.get("id") or ""}
        self.links |= {values.get("href") or ""} if tag == "a" else set()


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("site")
    subprocess.run([ROOT / "scripts" / "docs", folder], check=True, capture_output=True)
    assert (folder / "search.js").exists()
    return Path(folder / "index.html").read_text(encoding="utf-8")


def public_names() -> Iterator[str]:
    """Yield every name of the package that users see, those within its classes included."""
    for name in narrative_jobs.__all__:
        yield name
        value = getattr(narrative_jobs, name)
        if not inspect.isclass(value):
            continue
        if attrs.has(value):
            yield from (f"{name}.{field.alias}" for field in attrs.fields(value) if field.eq)
        for member, found in inspect.getmembers(value):
            is_ours = str(getattr(found, "__module__", "")).startswith("narrative_jobs")
            if is_ours and inspect.isroutine(found) and not member.startswith("_"):
                yield f"{name}.{member}"


def test_every_public_name_is_on_it(text: str) -> None:
    names = set(public_names())
    assert {"Client.wait_for_jobs", "MaterializeViewJob.state", "OtherJob.to_dict"} <= names
    assert names - Page(text).ids == set()


def test_no_link_leads_nowhere(text: str) -> None:
    page = Page(text)
    own = {link for link in page.links if not re.match("https?://", link)}
    assert {link for link in own if link.removeprefix("#") not in page.ids} == set()


def test_a_method_tells_its_arguments_and_errors(text: str) -> None:
    start = text.index('id="Client.get_job"')
    section = re.sub("<[^>]+>", "", text[start : text.index("</section>", start)])
    for word in ("job_id", "Raises", "NotFoundError", "GET /jobs/{job_id}"):
        assert word in section


def test_its_front_page_is_the_readme_and_the_guide_to_the_engines(text: str) -> None:
    for name in ("README.md", "tests/engines/README.md"):
        for heading in re.findall("^## ([^`\n]*)$", (ROOT / name).read_text(), re.MULTILINE):
            assert f">{heading}</h2>" in text
    for path in (ROOT / "tests" / "engines").glob("*/*_recipe.py"):
        assert path.read_text().splitlines()[0].strip('"') in text, "the recipe is there"
