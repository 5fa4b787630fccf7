"""No name of a document hides what a module of the package imports."""

from __future__ import annotations

import re
from pathlib import Path

from generator import names
from support import ROOT

TEMPLATES = ROOT / "scripts" / "templates"


def imported(template: Path) -> set[str]:
    """Return the names that a template imports at the head of its module."""
    found: set[str] = set()
    pattern = r"^(?:from \S+ )?import (?:\(([^)]*)\)|(.+))$"
    for many, few in re.findall(pattern, template.read_text(), re.MULTILINE):
        each = [name.strip() for name in (many or few).split(",")]
        found |= {name.rpartition(" ")[2] for name in each if name and "{" not in name}
    return found


def test_names_that_modules_import_are_taken() -> None:
    calls = imported(TEMPLATES / "_operations.py.jinja") | imported(TEMPLATES / "client.py.jinja")
    # An operation or a parameter is in lower case, and begins with a letter.
    assert {name for name in calls if re.match("[a-z]", name)} <= names.TAKEN_BY_METHODS
    classes: set[str] = set()
    for template in (TEMPLATES / "models").iterdir():
        classes |= imported(template)
    assert {name for name in classes if name[0].isupper()} <= names.TAKEN_BY_CLASSES
    lower = {name for name in classes if re.match("[a-z]", name)} - names.TAKEN_BY_METHODS
    # The body of a class uses these; the rest is used outside of it.
    used = {"attrs", "datetime", "models"}
    assert used <= names.TAKEN_BY_FIELDS
    assert lower - used <= {"by_tag", "cast", "decoded", "required"}
