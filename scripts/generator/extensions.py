"""What `x-paging` and `x-long-running` say of an operation; CONTRIBUTING.md explains the latter.

An operation with `x-paging` lists something, page by page:

- `page` is the parameter with the number of the page, or `offset` that with the number of items
  before it; `size`, where there is one, is that with the number of items of a page.
- `items` is the field of the answer with the items. `current` and `total`, where there are any, are
  those with the number of the page and of all pages. Without them the first empty page is the end.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable, Mapping

from attrs import evolve, frozen

from .document import Document, UnsupportedError
from .model import Enum, Field, Model, Union
from .models import Models
from .names import TAKEN_BY_NOUNS, pascal
from .operation import Operation, Paging, Wait, arguments
from .operations import is_scalar
from .reader import Reader
from .shapes import ANY, BOOLEAN, INTEGER, STRING, UUID_ARGUMENT, Array, Shape, members, one_of

PARAMETERS = ("page", "offset", "size")
ITEMS = ("items", "current", "total")

NEEDED = frozenset({"noun", "id", "state", "succeeded", "failed"})
FIELDS = ("id", "state", "result", "kind", "began", "ended")

PROGRESS = frozenset({"is_final", "succeeded", "duration", "raise_for_state"})
"""What a model says of itself that something in progress has, unless a field has such a name."""


def extend(operations: list[Operation], reader: Reader, taken: Collection[str]) -> None:
    """Add the waits that the document asks for, and its iterators over pages.

    The names of methods and errors are `taken`. What cannot be met is a problem, and the operation
    itself as good without.
    """
    names = set(taken)
    for one in operations:
        extension = Extension(one, reader.models, names)
        with reader.noting(f"{one.place}: x-paging"):
            if hints := one.content.get("x-paging"):
                one.paging = extension.paging(hints)
                names.add(one.paging.name)
        with reader.noting(f"{one.place}: x-long-running"):
            if hints := one.content.get("x-long-running"):
                one.wait = extension.wait(hints)
                names |= {f"wait_for_{one.wait.noun}", f"wait_for_{one.wait.noun}s"}
                names.update(one.wait.errors)


@frozen
class Extension:
    """Reads what the extensions say of one operation."""

    operation: Operation
    models: Models
    taken: Collection[str]

    def paging(self, hints: Document) -> Paging:
        """Return how to go through the pages."""
        _check_words(hints, {"items"}, {*PARAMETERS, *ITEMS})
        if ("page" in hints) == ("offset" in hints):
            raise UnsupportedError("it needs either page or offset")
        name = f"iter_{self.operation.name.removeprefix('list_').removeprefix('get_')}"
        if name in self.taken:
            raise UnsupportedError(f"something else is called {name}, too")
        answer = self.operation.answer
        if len(models := self._models(answer)) != 1 or answer != answer.bare:
            raise UnsupportedError("the answer is not one object with fields")
        said = _fields(hints, PARAMETERS, self.operation.query)
        said |= _fields(hints, ITEMS, models[0].fields)
        numbers = [said[key] for key in ("page", "offset", "current", "total") if key in said]
        if odd := [one.key for one in numbers if one.type.bare != INTEGER]:
            raise UnsupportedError(f"{odd[0]!r} is no integer")
        items = said["items"].type.bare
        if not isinstance(items, Array):
            raise UnsupportedError(f"{hints['items']!r} is no array")
        position = said.get("page") or said["offset"]
        # The first page is 0 where that is allowed.
        first = position.node.get("default", position.node.get("minimum", 1))
        given = arguments(
            items=said["items"].name,
            first=int(first) if "page" in said else 0,
            counts_items="offset" in said,
            **{key: said[key].name for key in ("current", "total") if key in said},
        )
        return Paging(name, position.name, items.inner, given)

    def wait(self, hints: Document) -> Wait:
        """Return how to wait for what the operation looks at."""
        _check_words(hints, NEEDED, NEEDED.union(FIELDS, {"parameter", "final", "reasons"}))
        noun, operation = self._noun(str(hints["noun"])), self.operation
        found = {key: self._scalar(hints[key], operation.answer) for key in FIELDS if key in hints}
        if "reasons" in hints:
            found |= self._reasons(hints["reasons"])
        states = self._states(found["state"][1])
        results = self._states(found["result"][1]) if "result" in hints else states
        succeeded, failed = (_named(hints, key, states, results) for key in ("succeeded", "failed"))
        final = _named(hints, "final", states)
        if both := set(succeeded) & set(failed):
            raise UnsupportedError(f"{', '.join(sorted(both))} is both a success and a failure")
        over = {*succeeded, *failed, *final}
        wait = Wait(
            operation=operation,
            noun=noun,
            fields={key: path for key, (path, _) in found.items()},
            active=[one for one in dict.fromkeys(states.values()) if one not in over],
            finished=final,
            succeeded=succeeded,
            failed=self._errors(noun, failed),
        )
        operation.positional = self._positional(hints)
        for model in self._models(operation.answer):
            if not PROGRESS & {one.name for one in model.fields}:
                model.operation = model.operation or operation.name
        return wait

    def _noun(self, noun: str) -> str:
        if not re.fullmatch("[a-z]+(_[a-z]+)*", noun):
            raise UnsupportedError(f"{noun!r} is no noun in lower case")
        if keyword.iskeyword(noun) or noun in TAKEN_BY_NOUNS:
            raise UnsupportedError(f"the noun {noun!r} is a word of Python, or of every error")
        if taken := {f"wait_for_{noun}", f"wait_for_{noun}s"} & set(self.taken):
            raise UnsupportedError(f"something else is called {', '.join(sorted(taken))}, too")
        return noun

    def _models(self, shape: Shape) -> list[Model]:
        """Return the models that a value of a type may be; none, if it may be anything else."""
        found: list[Model] = []
        todo = members(shape)
        for one in todo:
            item = self.models.of(one)
            if isinstance(item, Model):
                found.append(item)
            elif isinstance(item, Union):
                todo += members(item.type)
            else:
                return []
        return found

    def _value(self, path: str, shape: Shape) -> tuple[str, Shape]:
        """Return where a field is that every answer has (`state.result`), and its type."""
        names: list[str] = []
        for key in path.split("."):
            models = self._models(shape)
            found = [one for model in models for one in model.fields if one.key == key]
            if not found or len(found) != len(models) or len({one.name for one in found}) > 1:
                raise UnsupportedError(f"not every answer has the field {path!r}")
            names.append(found[0].name)
            shape = one_of(one.type for one in found)
        return ".".join(names), shape

    def _scalar(self, path: str, shape: Shape) -> tuple[str, Shape]:
        """Return a field that is one text or number."""
        value = self._value(path, shape)
        if not is_scalar(value[1]):
            raise UnsupportedError(f"{path!r} is no text")
        return value

    def _reasons(self, hints: Document) -> dict[str, tuple[str, Shape]]:
        """Return the field with what went wrong, and that within it with the text, if any."""
        several = self._value(hints["list"], self.operation.answer)
        some = members(several[1])
        inner = one_of(one.inner if isinstance(one, Array) else one for one in some)
        if "text" in hints:
            return {"reasons": several, "text": self._scalar(hints["text"], inner)}
        if not is_scalar(inner):
            raise UnsupportedError(f"{hints['list']!r} is no text")
        return {"reasons": several}

    def _states(self, state: Shape) -> dict[str, str]:
        """Return what a client calls each state of an enum, by what the document calls it."""
        if state.bare == BOOLEAN:
            return {"true": "true", "false": "false"}
        names: dict[str, str] = {}
        values: dict[str, str] = {}
        for enum in [self.models.items[name] for name in state.classes()]:
            for member, value, said in enum.members if isinstance(enum, Enum) else []:
                values[str(value)] = member if isinstance(value, int) else value
                names[said or member] = values[str(value)]
        return names | values

    def _positional(self, hints: Document) -> list[Field]:
        """Return the parameters that need no name; the last is the id, in the path or the query."""
        found, query = self.operation.positional, self.operation.query
        usual = found[-1].key if found else hints["id"].rpartition(".")[2]
        named = hints.get("parameter", usual)
        one = next((one for one in [*found[-1:], *query] if one.key == named), None)
        if one is None or one.type.bare not in {ANY, INTEGER, STRING, UUID_ARGUMENT}:
            raise UnsupportedError(f"it has no parameter {named!r} that is a text or an integer")
        return found if one in found else [*found, evolve(one, type=one.type.bare, required=True)]

    def _errors(self, noun: str, states: list[str]) -> dict[str, str]:
        """Return what the error of each final state is called."""
        found: dict[str, str] = {}
        others = {pascal(f"{noun} {one} error") for one in ("ended", "wait timeout")}
        for state in states:
            name = pascal(f"{noun} {state.lower() if state.isupper() else state} error")
            if name in {*self.taken, *others, *found.values()}:
                raise UnsupportedError(f"another error is called {name}")
            found[state] = name
        return found


def _check_words(hints: Document, needed: Collection[str], known: Collection[str]) -> None:
    """Refuse an extension that lacks a word, or has one that means nothing."""
    if unknown := sorted(set(hints) - set(known)):
        raise UnsupportedError(f"there is no {', '.join(unknown)}")
    if missing := sorted(set(needed) - set(hints)):
        raise UnsupportedError(f"it needs {', '.join(missing)}")


def _fields(hints: Document, words: Iterable[str], fields: Iterable[Field]) -> dict[str, Field]:
    """Return the fields or parameters that some words of the extension name."""
    by_key: dict[str, Field] = {one.key: one for one in fields}
    if missing := [hints[word] for word in words if word in hints and hints[word] not in by_key]:
        raise UnsupportedError(f"no parameter or field is called {', '.join(missing)}")
    return {word: by_key[hints[word]] for word in words if word in hints}


def _named(hints: Document, key: str, *fields: Mapping[str, str]) -> list[str]:
    """Return what a client calls some states, each of one of some fields."""
    some = hints.get(key) or []
    if not isinstance(some, list):
        raise UnsupportedError(f"{key} is no list")
    given = [str(one).lower() if isinstance(one, bool) else str(one) for one in some]
    names = {said: name for field in fields for said, name in field.items()}
    is_listed = all(fields)  # A field that is no enum may say anything.
    if unlisted := [one for one in given if is_listed and one not in names]:
        raise UnsupportedError(f"no state is called {', '.join(sorted(unlisted))}")
    return [names.get(one, one) for one in given]
