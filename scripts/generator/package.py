"""The steps from a document to what `render` writes, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import define, evolve
from openapi_python_client.config import Config

from .docs import operation_doc
from .document import Document, UnsupportedError
from .flat import Flattener
from .heirs import with_heirs
from .media import is_file
from .model import Field, Model, Type
from .models import Models
from .operation import Operation, Wait
from .operations import Operations
from .paging import paging_of
from .reader import Reader
from .render import render
from .sdk import OUR_ERRORS, error_fields, sdk, status_errors
from .shapes import FILE, STRING, Array, Class, Nullable
from .tags import Tags
from .validate import check_document
from .waits import WaitBuilder


@define
class Package:
    """A package: what its templates see, and what there is no place for in it."""

    models: Models
    sdk: dict[str, Any]
    missing: list[str]
    """What of the document is left out, and why."""

    def render(self, templates: Path, folder: Path, config: Config) -> None:
        """Write the package."""
        names = {
            "package_name": config.package_name_override,
            "project_name": config.project_name_override,
        }
        render(templates, folder, self.models, sdk=self.sdk, **names)


def read(document: Document) -> Package:
    """Return the package that a document asks for."""
    check_document(document)
    document = with_heirs(document)
    reader = Reader(Flattener(document))
    reader.run((document.get("components") or {}).get("schemas") or {})
    maker = Operations(document, reader)
    operations = maker.read()
    Tags(reader).run()
    find_files(reader, operations)
    refuse_files(reader, operations)
    causes = reader.models.leave_out(reader.broken)
    problems = [*reader.problems, *causes.values(), *maker.problems]
    kept: list[Operation] = []
    for one in operations:
        if broken := [causes[name] for name in sorted(one.classes & set(causes))]:
            problems.append(broken[0].within(one.place))
        else:
            kept.append(one)
    models = reader.models
    models.keep([*reader.components(), *(name for one in kept for name in one.classes)])
    models.link()
    errors = status_errors(maker.statuses)
    taken = {*OUR_ERRORS, *(one.name for one in errors), *(one.name for one in kept)}
    waits = list(_extended(kept, models, problems, taken))
    for one in kept:
        one.doc = operation_doc(
            one, {str(error.code): error.name for error in errors if error.code}
        )
    missing = list(dict.fromkeys(map(str, problems)))
    values = sdk(document, maker.security, models, kept, waits, errors, missing)
    return Package(
        models, values | {"error_fields": error_fields(maker.error_shapes, models, waits)}, missing
    )


def _extended(
    operations: list[Operation],
    models: Models,
    problems: list[UnsupportedError],
    taken: set[str],
) -> Iterator[Wait]:
    """Yield the waits that the document asks for, and add its iterators over pages.

    The names of methods and errors are `taken`.
    """
    for one in operations:
        try:
            if hints := one.content.get("x-paging"):
                one.paging = paging_of(one, hints, models, taken)
                taken.add(one.paging.name)
        except UnsupportedError as error:
            # The operation itself is as good without.
            problems.append(error.within(one.place))
        try:
            if hints := one.content.get("x-long-running"):
                wait = WaitBuilder(models, one, hints).build(taken)
                taken |= {f"wait_for_{wait.noun}", f"wait_for_{wait.nouns}", *wait.errors}
                yield wait
        except UnsupportedError as error:
            problems.append(error.within(one.place))


def find_files(reader: Reader, operations: list[Operation]) -> None:
    """Take for files what a form alone has, and a media type says is bytes."""
    used = _used_elsewhere(reader, operations)
    for one in operations:
        name = getattr(one.body.type.shape.bare, "name", "") if one.body else ""
        model = reader.models.items.get(name)
        if one.media and one.is_multipart and isinstance(model, Model) and name not in used:
            types = one.media.types
            model.fields = [as_file(reader.flats, field, types) for field in model.fields]


def as_file(flats: Flattener, field: Field, types: Mapping[str, str]) -> Field:
    """Return a field of a form, as a file if that is how OpenAPI 3.1 writes it."""
    shape, node = field.type.shape.bare, field.node
    is_many = isinstance(shape, Array)
    if isinstance(shape, Array):
        shape, node = shape.inner, flats.flat(node.get("items", True))
    media_type = node.get("contentMediaType") or types.get(field.key.raw, "text/plain")
    if shape != STRING or "contentEncoding" in node or not is_file(media_type):
        return field
    found = Array.of(FILE) if is_many else FILE
    return evolve(field, type=Type(found if field.required else Nullable.of(found)))


def _used_elsewhere(reader: Reader, operations: list[Operation]) -> set[str]:
    """Return the classes that something else than a form with files needs."""
    used = {need for name in reader.models.items for need in reader.models.needs(name)}
    return used | {name for one in operations for name in one.classes if not one.is_multipart}


def refuse_files(reader: Reader, operations: list[Operation]) -> None:
    """Refuse classes with files that are not just what is sent as a form."""
    forms = {one.body.type.shape.bare for one in operations if one.is_multipart and one.body}
    used = _used_elsewhere(reader, operations)
    for model in reader.models.models:
        has_file = [one for one in model.fields if FILE in one.type.shape.walk()]
        if has_file and (model.name in used or Class.of(model.name) not in forms):
            error = UnsupportedError("a file is no JSON", f"{model.place}.{has_file[0].key.raw}")
            reader.broken[model.name] = error
            reader.problems.append(error)
