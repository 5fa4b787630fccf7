"""The steps from a document to what `render` writes, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import define, field
from openapi_python_client.config import Config

from .document import Document, UnsupportedError
from .endpoints import Endpoint, read_endpoints
from .model import Operation
from .models import Builder, Models, references
from .normalise import Normaliser
from .operations import OperationBuilder
from .paging import paging_of
from .parse import Fields, Parser
from .render import render
from .sdk import error_fields, sdk, sql_fields, status_errors
from .shapes import Shape
from .unions import Discriminators
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


@define
class _Parts:
    """What of a document a package can be made of."""

    normaliser: Normaliser
    endpoints: list[Endpoint] = field(factory=list)
    problems: list[UnsupportedError] = field(factory=list)

    def drop_dependents(self) -> None:
        """Leave out whatever needs something that no package can be made of."""
        normaliser = self.normaliser
        causes = {normaliser.class_name(name): error for name, error in normaliser.broken.items()}
        self.problems = [*normaliser.broken.values(), *self.problems]
        users: dict[str, list[str]] = {}
        for name, schema in normaliser.schemas.items():
            for target in references(schema):
                users.setdefault(target, []).append(name)
        todo = list(causes)
        for broken in todo:
            for user in users.get(broken, []):
                if user not in causes:
                    causes[user] = self._because(normaliser.original_of(user), causes[broken])
                    todo.append(user)
                    self.problems.append(causes[user])
        for name in causes:
            normaliser.schemas.pop(name, None)
        kept = []
        for endpoint in self.endpoints:
            found = [causes[one] for one in references(endpoint.as_schema()) if one in causes]
            if found:
                self.problems.append(self._because(endpoint.place, found[0]))
            else:
                kept.append(endpoint)
        self.endpoints = kept

    @staticmethod
    def _because(place: str, cause: UnsupportedError) -> UnsupportedError:
        return UnsupportedError(cause.reason, place, *cause.chain)

    def used_schemas(self) -> dict[str, Any]:
        """Return the schemas, but for those that lay inline in what is left out."""
        schemas = self.normaliser.schemas
        todo = [name for name in schemas if self.normaliser.is_original(name)]
        todo += [name for one in self.endpoints for name in references(one.as_schema())]
        reached = dict.fromkeys(todo)
        for name in todo:
            new = [one for one in references(schemas[name]) if one not in reached]
            reached |= dict.fromkeys(new)
            todo += new
        return {name: schema for name, schema in schemas.items() if name in reached}


def read(document: Document, config: Config) -> Package:
    """Return the package that a document asks for."""
    normaliser = Normaliser((document.get("components") or {}).get("schemas") or {})
    normaliser.run()
    parts = _Parts(normaliser)
    for one in read_endpoints(document, normaliser):
        if isinstance(one, UnsupportedError):
            parts.problems.append(one)
        else:
            parts.endpoints.append(one)
    discriminators = Discriminators(normaliser)
    discriminators.run()
    parts.drop_dependents()
    schemas = parts.used_schemas()
    slots = {f"Slots{index}": one.as_schema() for index, one in enumerate(parts.endpoints)}
    types = Parser({**schemas, **slots}).parse(document, config)
    builder = Builder(schemas, types, discriminators.tags, frozenset(normaliser.extended))
    models = builder.build(slots.values())
    errors = status_errors(parts.endpoints)
    named = {str(one.code): one.name for one in errors if one.code}
    maker = OperationBuilder(builder, models.scope, named)
    operations: list[Operation] = []
    answers: list[tuple[str, Shape]] = []
    for endpoint, slot in zip(parts.endpoints, slots, strict=True):
        answers += _answers(endpoint, types[slot])
        try:
            operation = maker.build(endpoint, types[slot])
            if hints := endpoint.content.get("x-paging"):
                operation.paging = paging_of(operation, hints, models)
            operations.append(operation)
        except UnsupportedError as error:
            parts.problems.append(UnsupportedError(error.reason, endpoint.place))
    operations.sort(key=lambda operation: operation.name)
    wait_maker = WaitBuilder(models)
    waits = [wait_maker.build(one, one.long_running) for one in operations if one.long_running]
    if len({wait.noun for wait in waits}) < len(waits):
        raise UnsupportedError("two operations have the same noun", "x-long-running")
    missing = [str(problem) for problem in parts.problems]
    values = sdk(document, models, operations, waits, errors, missing)
    values |= {"error_fields": error_fields(answers, models), "sql": sql_fields(schemas)}
    return Package(models, values, missing)


def _answers(endpoint: Endpoint, fields: Fields) -> Iterator[tuple[str, Shape]]:
    for answer in endpoint.answers:
        if f"answer {answer.status}" in fields.types:
            yield answer.status, fields.types[f"answer {answer.status}"]
