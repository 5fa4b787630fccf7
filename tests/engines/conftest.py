"""A place for what the engines write, before any of them is imported, and an API for the jobs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from api import API

PLACE = tempfile.TemporaryDirectory(prefix="engines-")
HOME = Path(PLACE.name)
os.environ |= {
    "AIRFLOW_HOME": PLACE.name,
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(Path(__file__).parent / "dags"),
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME / 'airflow.db'}",
}


def pytest_unconfigure() -> None:
    PLACE.cleanup()


@pytest.fixture(scope="session")
def home() -> Path:
    return HOME


@pytest.fixture(scope="module")
def api() -> Iterator[API]:
    with API() as server:
        yield server
