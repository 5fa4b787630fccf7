"""The steps from a document to what `render` writes, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import evolve, frozen

from .docs import operation_doc
from .document import Document, UnsupportedError
from .flat import Flattener
from .heirs import with_heirs
from .model import Field, Model, Type
from .models import Models
from .operation import Operation, Wait
from .operations import Operations, noting
from .paging import paging_of
from .reader import Reader
from .sdk import OUR_ERRORS, sdk, status_errors
from .shapes import FILE, Array, Nullable, Shape
from .tags import Tags
from .validate import checked
from .waits import WaitBuilder


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
    maker = Operations(document, reader)
    operations = maker.read()
    Tags(reader).run()
    take_files(reader, operations)
    models = reader.models
    causes = models.leave_out(reader.broken)
    problems = [*reader.problems, *causes.values(), *maker.problems]
    kept: list[Operation] = []
    for one in operations:
        if broken := [causes[name] for name in sorted(one.classes & set(causes))]:
            problems.append(broken[0].within(one.place))
        elif has_file(one.shapes):
            problems.append(UnsupportedError("a file is no JSON", one.place))
        else:
            kept.append(one)
    models.keep([*reader.components(), *(name for one in kept for name in one.classes)])
    models.link()
    errors = status_errors(kept)
    taken = {*OUR_ERRORS, *(one.name for one in errors), *(one.name for one in kept)}
    waits = list(_extended(kept, models, problems, taken))
    for one in kept:
        one.doc = operation_doc(one, errors)
    missing = list(dict.fromkeys(map(str, problems)))
    values = sdk(document, maker.security, models, kept, waits, errors, missing)
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
        with noting(problems, one.place):
            if hints := one.content.get("x-paging"):
                one.paging = paging_of(one, hints, models, taken)
                taken.add(one.paging.name)
        with noting(problems, one.place):
            if hints := one.content.get("x-long-running"):
                wait = WaitBuilder(models, one, hints).build(taken)
                taken |= {f"wait_for_{wait.noun}", f"wait_for_{wait.noun}s", *wait.errors}
                yield wait


def take_files(reader: Reader, operations: list[Operation]) -> None:
    """Take for files what a form alone has and a media type says is bytes; refuse other files."""
    used = {need for name in reader.models.items for need in reader.models.needs(name)}
    forms: dict[str, set[str]] = {}
    for one in operations:
        is_form = one.media and one.media.kind == "multipart"
        used |= (evolve(one, body=None) if is_form else one).classes
        if one.media and is_form:
            name = getattr(one.media.shape.bare, "name", "")
            forms.setdefault(name, set()).update(one.media.files)
    for item in reader.models.items.values():
        if isinstance(item, Model) and item.name in forms and item.name not in used:
            files = forms[item.name]
            item.fields = [as_file(f) if f.key.raw in files else f for f in item.fields]
        elif has_file(item.shapes):
            fields = item.fields if isinstance(item, Model) else []
            key = next((f".{one.key.raw}" for one in fields if has_file([one.type.shape])), "")
            error = UnsupportedError("a file is no JSON", f"{item.place}{key}")
            reader.broken[item.name] = error
            reader.problems.append(error)


def has_file(shapes: Iterable[Shape]) -> bool:
    """Whether there is a file in one of several types."""
    return any(FILE in one.walk() for one in shapes)


def as_file(field: Field) -> Field:
    """Return a field of a form, as a file or several."""
    shape = Array.of(FILE) if isinstance(field.type.shape.bare, Array) else FILE
    return evolve(field, type=Type(shape if field.required else Nullable.of(shape)))
