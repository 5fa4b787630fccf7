"""What `x-long-running` says of an operation; CONTRIBUTING.md explains it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Mapping

from attrs import evolve, frozen

from .document import Document, UnsupportedError, at
from .model import Enum, Field, Model, Union
from .models import Models
from .names import TAKEN_BY_NOUNS, pascal
from .operation import Operation, Value, Wait
from .parameters import is_scalar
from .shapes import ANY, BOOLEAN, INTEGER, STRING, UUID_ARGUMENT, Array, Shape, members, one_of

NEEDED = frozenset({"noun", "id", "state", "succeeded", "failed"})
KNOWN = NEEDED | {"parameter", "result", "final", "kind", "began", "ended", "reasons"}

PROGRESS = frozenset({"is_final", "succeeded", "duration", "raise_for_state"})
"""What a model says of itself that something in progress has, unless a field has such a name."""


@frozen
class WaitBuilder:
    """Finds what the extension names, in every class that an operation may return."""

    models: Models
    operation: Operation
    hints: Document

    def build(self, taken: Collection[str]) -> Wait:
        """Return how to wait for what an operation looks at; the names of methods are `taken`."""
        with at(f"{self.operation.place}: x-long-running"):
            return self._build(taken)

    def _build(self, taken: Collection[str]) -> Wait:
        operation, hints = self.operation, self.hints
        noun = self._noun(taken)
        returned = one_of(one.media.shape for one in operation.successes)
        found = {
            key: self._scalar(hints[key], returned)
            for key in ("id", "state", "result", "kind", "began", "ended")
            if key in hints
        }
        found |= self._reasons(hints.get("reasons"), returned)
        states = self._states(found["state"])
        results = self._states(found["result"]) if "result" in hints else states
        ends = {key: self._named(key, states, results) for key in ("succeeded", "failed")}
        ends["final"] = self._named("final", states)
        if both := set(ends["succeeded"]) & set(ends["failed"]):
            raise UnsupportedError(f"{', '.join(sorted(both))} is both a success and a failure")
        over = {name for some in ends.values() for name in some}
        operation.positional = self._positional(found["id"])
        operation.item_id = found["id"]
        wait = Wait(
            operation=operation,
            noun=noun,
            found=found,
            active=[one for one in dict.fromkeys(states.values()) if one not in over],
            finished=ends["final"],
            succeeded=ends["succeeded"],
            failed=list(_errors(noun, ends["failed"], taken).items()),
        )
        for model in self._models(returned):
            if not PROGRESS & {one.name for one in model.fields}:
                model.operation = model.operation or operation.name
        return wait

    def _noun(self, taken: Collection[str]) -> str:
        if unknown := set(self.hints) - KNOWN:
            raise UnsupportedError(f"there is no {', '.join(sorted(unknown))}")
        if missing := NEEDED - set(self.hints):
            raise UnsupportedError(f"it needs {', '.join(sorted(missing))}")
        noun = str(self.hints["noun"])
        if not re.fullmatch("[a-z]+(_[a-z]+)*", noun):
            raise UnsupportedError(f"{noun!r} is no noun in lower case")
        if keyword.iskeyword(noun) or noun in TAKEN_BY_NOUNS:
            raise UnsupportedError(f"the noun {noun!r} is a word of Python, or of every error")
        if {f"wait_for_{noun}", f"wait_for_{noun}s"} & set(taken):
            raise UnsupportedError(
                f"two operations have the same noun, or are called wait_for_{noun}"
            )
        return noun

    def _value(self, path: str, shape: Shape) -> Value:
        """Return what a field of a type is, or one within others, as in `state.result`."""
        names: list[str] = []
        keys = [path] if _fields(path, self._models(shape)) else path.split(".")
        for key in keys:
            models = self._models(shape)
            found = _fields(key, models)
            if not found or len(found) != len(models) or len({one.name for one in found}) > 1:
                raise UnsupportedError(f"not every answer has the field {path!r}")
            names.append(found[0].name)
            shape = one_of(one.type for one in found)
        return Value(shape, tuple(names), tuple(keys))

    def _scalar(self, path: str, shape: Shape) -> Value:
        """Return a field that is one text or number."""
        value = self._value(path, shape)
        if not is_scalar(value.shape):
            raise UnsupportedError(f"{path!r} is no text")
        return value

    def _models(self, shape: Shape) -> list[Model]:
        """Return the models that a value of a type may be; none, if it may be anything else."""
        found: list[Model] = []
        todo = members(shape)
        for one in todo:
            item = self.models.items.get(getattr(one, "name", ""))
            if isinstance(item, Model):
                found.append(item)
            elif isinstance(item, Union):
                todo += members(item.type)
            else:
                return []
        return found

    def _positional(self, item_id: Value) -> list[Field]:
        """Return the parameters that need no name; the last is the id, in the path or the query."""
        found = self.operation.positional
        named = self.hints.get("parameter", item_id.keys[-1])
        in_query = [one for one in self.operation.query if one.key == named]
        if in_query and ("parameter" in self.hints or not found):
            found = [*found, evolve(in_query[0], type=in_query[0].type.bare, required=True)]
        elif not found or self.hints.get("parameter", found[-1].key) != found[-1].key:
            raise UnsupportedError(
                "no parameter at the end of the path, or of the query, tells one"
            )
        if found[-1].type not in {ANY, INTEGER, STRING, UUID_ARGUMENT}:
            raise UnsupportedError(f"the parameter {found[-1].key!r} is no text or integer")
        return found

    def _states(self, state: Value) -> dict[str, str]:
        """Return what a client calls each state of an enum, by what the document calls it."""
        found: dict[str, str] = {}
        if state.shape.bare == BOOLEAN:
            return {"true": "true", "false": "false"}
        enums = [self.models.items[name] for name in state.shape.classes()]
        for enum in [one for one in enums if isinstance(one, Enum)]:
            for member, value, said in enum.members:
                text = member if isinstance(value, int) else value
                found |= {str(value) if isinstance(value, int) else text: text}
                found.setdefault(said or member, text)
        return found

    def _named(self, key: str, *fields: Mapping[str, str]) -> list[str]:
        """Return what a client calls some states, each of one of some fields."""
        some = self.hints.get(key) or []
        if not isinstance(some, list):
            raise UnsupportedError(f"{key} is no list")
        given = [str(one).lower() if isinstance(one, bool) else str(one) for one in some]
        names = {said: name for field in fields for said, name in field.items()}
        is_listed = all(fields)  # A field that is no enum may say anything.
        if unlisted := [one for one in given if is_listed and one not in names]:
            raise UnsupportedError(f"no state is called {', '.join(sorted(unlisted))}")
        return [names.get(one, one) for one in given]

    def _reasons(self, hints: Document | None, returned: Shape) -> dict[str, Value]:
        """Return the field with what went wrong, and that within it with the text, if any."""
        if not hints:
            return {}
        several = self._value(hints["list"], returned)
        inner = one_of(
            one.inner if isinstance(one, Array) else one for one in members(several.shape)
        )
        if "text" in hints:
            return {"reasons": several, "text": self._scalar(hints["text"], inner)}
        if not is_scalar(inner):
            raise UnsupportedError(f"{hints['list']!r} is no text")
        return {"reasons": several}


def _fields(key: str, models: list[Model]) -> list[Field]:
    return [one for model in models for one in model.fields if one.key == key]


def _errors(noun: str, states: list[str], taken: Collection[str]) -> dict[str, str]:
    """Return what the error of each final state is called."""
    taken = {*taken, *(pascal(f"{noun} {one} error") for one in ("ended", "wait timeout"))}
    found = {
        state: pascal(f"{noun} {state.lower() if state.isupper() else state} error")
        for state in states
    }
    if unnamed := [state for state, name in found.items() if not name.isidentifier()]:
        raise UnsupportedError(f"no error can be called after {', '.join(unnamed)}")
    if len(set(found.values())) < len(states):
        raise UnsupportedError(f"two states give one error: {', '.join(found.values())}")
    if others := sorted(taken & set(found.values())):
        raise UnsupportedError(f"another error is called {', '.join(others)}")
    return found
