"""What `x-long-running` says of an operation; the head of openapi.yaml explains it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from attrs import frozen

from .document import Document, UnsupportedError
from .model import Field, Model, Operation, Wait
from .models import Models
from .names import pascal
from .shapes import Class, Shape, Union
from .shapes import Enum as EnumShape
from .text import raw

KNOWN = frozenset(
    {"noun", "id", "state", "succeeded", "failed", "kind", "began", "ended", "reasons"}
)
NEEDED = frozenset({"noun", "id", "state", "succeeded", "failed"})


@frozen
class WaitBuilder:
    """Finds what the extension names, in every class that an operation may return."""

    models: Models

    def build(self, operation: Operation, hints: Document, nouns: Collection[str]) -> Wait:
        """Return how to wait for what an operation looks at."""
        place = f"{operation.method} {raw(operation.path)}: x-long-running"
        try:
            if hints.get("noun") in nouns:
                raise UnsupportedError("two operations have the same noun")
            return self._build(operation, hints)
        except UnsupportedError as error:
            raise UnsupportedError(error.reason, place) from None

    def _build(self, operation: Operation, hints: Document) -> Wait:
        if unknown := set(hints) - KNOWN:
            raise UnsupportedError(f"there is no {', '.join(sorted(unknown))}")
        if missing := NEEDED - set(hints):
            raise UnsupportedError(f"it needs {', '.join(sorted(missing))}")
        if not operation.path_fields:
            raise UnsupportedError("the path has no parameter to tell one from another")
        noun = hints["noun"]
        if not re.fullmatch("[a-z]+(_[a-z]+)*", noun):
            raise UnsupportedError(f"{noun!r} is no noun in lower case")
        models = self._classes(type_.shape for _, type_ in operation.successes)
        state = field_of(hints["state"], models)
        succeeded, failed = (list(map(str, hints[key])) for key in ("succeeded", "failed"))
        values = self._states(state.type.shape)
        if values and (unlisted := {*succeeded, *failed} - set(values)):
            raise UnsupportedError(f"no state is called {', '.join(sorted(unlisted))}")
        ends = [(value, pascal(f"{noun} {value} error")) for value in failed]
        if unnamed := [value for value, name in ends if not name.isidentifier()]:
            raise UnsupportedError(f"no error can be called after {', '.join(unnamed)}")
        item_id = field_of(hints["id"], models)
        optional = {
            key: field_of(hints[key], models).name if key in hints else None
            for key in ("kind", "began", "ended")
        }
        wait = Wait(
            operation=operation,
            noun=noun,
            id=operation.path_fields[-1],
            id_field=item_id.name,
            state=state.name,
            active=[value for value in values if value not in {*succeeded, *failed}],
            succeeded=succeeded,
            failed=ends,
            **optional,
            reasons=self._reasons(hints["reasons"], models) if "reasons" in hints else None,
        )
        operation.item_id = item_id
        for model in models:
            if not model.operation:
                model.operation = operation.name
                model.progress = list(_progress(wait, model))
        return wait

    def _classes(self, shapes: Iterable[Shape]) -> list[Model]:
        """Return the models that a value of some types may be."""
        unions = {union.name: union.type.shape for union in self.models.unions}
        names: set[str] = set()
        todo = [one for shape in shapes for one in shape.walk()]
        for one in todo:
            if isinstance(one, Union):
                todo.extend(unions[one.name].walk())
            elif isinstance(one, Class):
                names.add(one.name)
        return [model for model in self.models.models if model.name in names]

    def _states(self, shape: Shape) -> list[str]:
        """Return the states that are known, if the state is an enum."""
        names = {one.name for one in shape.walk() if isinstance(one, EnumShape)}
        return [value for enum in self.models.enums if enum.name in names for value in enum.values]

    def _reasons(self, hints: Document, models: list[Model]) -> tuple[str, str]:
        several = field_of(hints["list"], models)
        return several.name, field_of(hints["text"], self._classes([several.type.shape])).name


def _progress(wait: Wait, model: Model) -> Iterator[str]:
    names = {one.name for one in model.fields}
    for name in ("is_final", "succeeded", "duration", "raise_for_state"):
        if name not in names and (name != "duration" or (wait.began and wait.ended)):
            yield pascal(name)


def field_of(key: str, models: list[Model]) -> Field:
    """Return a field that all of some models have, under one name."""
    found = [one for model in models for one in model.fields if raw(one.key) == key]
    if not found or len(found) != len(models) or len({one.name for one in found}) > 1:
        raise UnsupportedError(f"not every answer has the field {key!r}")
    return found[0]
