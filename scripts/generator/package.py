"""The steps from a document to what `render` writes, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from .docs import operation_doc
from .document import Document, UnsupportedError
from .flat import Flattener
from .heirs import with_heirs
from .models import Models
from .operation import Operation
from .operations import noting, read_operations
from .paging import paging_of
from .reader import Reader
from .sdk import OUR_ERRORS, sdk, status_errors
from .tags import Tags
from .validate import checked
from .waits import Wait, wait_of


@frozen
class Package:
    """A package: what its templates see, and what there is no place for in it."""

    models: Models
    sdk: dict[str, Any]
    missing: list[str]
    """What of the document is left out, and why."""


def read(document: Document) -> Package:
    """Return the package that a document asks for."""
    document = with_heirs(checked(document))
    reader = Reader(Flattener(document))
    reader.run((document.get("components") or {}).get("schemas") or {})
    operations, security = read_operations(reader)
    Tags(reader).run()
    models = reader.models
    causes = models.leave_out(reader.broken)
    problems = [*reader.problems, *causes.values()]
    kept: list[Operation] = []
    for one in operations:
        if broken := [causes[name] for name in sorted(one.classes & set(causes))]:
            problems.append(broken[0].within(one.place))
        else:
            kept.append(one)
    models.keep([*reader.components(), *(name for one in kept for name in one.classes)])
    errors = status_errors(kept)
    taken = {*OUR_ERRORS, *(one.name for one in errors), *(one.name for one in kept)}
    waits = list(_extended(kept, models, problems, taken))
    for one in kept:
        one.doc = operation_doc(one, errors)
    models.link()
    missing = list(dict.fromkeys(map(str, problems)))
    values = sdk(document, security, models, kept, waits, errors, missing)
    return Package(models, values, missing)


def _extended(
    operations: list[Operation],
    models: Models,
    problems: list[UnsupportedError],
    taken: set[str],
) -> Iterator[Wait]:
    """Yield the waits that the document asks for, and add its iterators over pages.

    The names of methods and errors are `taken`. What cannot be met is a problem, and the operation
    itself as good without.
    """
    for one in operations:
        with noting(problems, f"{one.place}: x-paging"):
            if hints := one.content.get("x-paging"):
                one.paging = paging_of(one, hints, models, taken)
                taken.add(one.paging.name)
        with noting(problems, f"{one.place}: x-long-running"):
            if hints := one.content.get("x-long-running"):
                wait = wait_of(one, hints, models, taken)
                taken |= {f"wait_for_{wait.noun}", f"wait_for_{wait.noun}s", *wait.errors}
                yield wait
