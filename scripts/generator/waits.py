"""What `x-long-running` says of an operation; the head of openapi.yaml explains it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection

from attrs import evolve, frozen

from . import shapes
from .document import Document, UnsupportedError, at
from .model import Enum, Field, Model, Union
from .models import Models
from .names import TAKEN_BY_NOUNS, pascal
from .operation import Operation, Wait
from .parameters import is_text
from .shapes import Array, Nullable, OneOf, Shape
from .text import raw

NEEDED = frozenset({"noun", "id", "state", "succeeded", "failed"})
KNOWN = NEEDED | {"parameter", "result", "final", "kind", "began", "ended", "reasons"}

PROGRESS = frozenset({"is_final", "succeeded", "duration", "raise_for_state"})
"""What a model says of itself that something in progress has, unless a field has such a name."""

TIMES = frozenset({shapes.STRING, shapes.INTEGER, shapes.NUMBER, shapes.DATE, shapes.DATETIME})
"""The types that a time may have."""


@frozen
class Value:
    """A value within an answer; `None` where it is absent."""

    code: str
    """The expression for it."""
    shape: Shape
    names: tuple[str, ...] = ()
    """The fields that lead to it, as Python calls them."""
    keys: tuple[str, ...] = ()
    """The same, as JSON does."""

    @property
    def is_text(self) -> bool:
        return _is_text(self.shape)


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
        operation = self.operation
        noun = self._noun(taken)
        returned = shapes.one_of(type_.shape for _, type_ in operation.successes)
        answer = Value("item", returned)
        item_id, state = (self._plain(self.hints[key], answer) for key in ("id", "state"))
        result = self._plain(self.hints["result"], answer) if "result" in self.hints else None
        names = self._states(state) | (self._states(result) if result else {})
        ends = {key: self._named(key, names) for key in ("final", "succeeded", "failed")}
        if both := set(ends["succeeded"]) & set(ends["failed"]):
            raise UnsupportedError(f"{', '.join(sorted(both))} is both a success and a failure")
        over = {name for some in ends.values() for name in some}
        reasons = self._reasons(answer)
        operation.positional = self._positional(item_id)
        operation.item_id = ".".join(item_id.names), item_id.keys
        wait = Wait(
            operation=operation,
            noun=noun,
            id_of=item_id.code,
            id_field=".".join(item_id.names),
            state_of=_state_code(state, result),
            phase_of=_state_code(state, None),
            state=".".join(state.names),
            state_path=".".join(state.keys),
            active=[one for one in dict.fromkeys(self._states(state).values()) if one not in over],
            finished=ends["final"],
            succeeded=ends["succeeded"],
            failed=list(zip(ends["failed"], _errors(noun, ends["failed"], taken), strict=True)),
            kind_of=self._kind(answer),
            began_of=self._moment("began", answer),
            ended_of=self._moment("ended", answer),
            ended=self.hints.get("ended", ""),
            reasons_of=reasons[0],
            reasons=reasons[1],
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

    def _value(self, path: str, start: Value) -> Value:
        """Return what a field is, or one within others, as in `state.result`."""
        value = start
        for key in [path] if _fields(path, self._models(start.shape)) else path.split("."):
            models = self._models(value.shape)
            found = _fields(key, models)
            if not found or len(found) != len(models) or len({one.name for one in found}) > 1:
                raise UnsupportedError(f"not every answer has the field {path!r}")
            shape = shapes.one_of(one.type.shape for one in found)
            is_null = isinstance(value.shape, Nullable)
            names = (*value.names, found[0].name)
            code = f"{value.code}.{found[0].name}"
            if is_null or value.code.startswith("within("):
                code = f"within({start.code}, {', '.join(map(repr, names))})"
            shape = Nullable.of(shape) if is_null else shape
            value = Value(code, shape, names, (*value.keys, key))
        return value

    def _plain(self, path: str, start: Value) -> Value:
        """Return a field that is one text or number."""
        value = self._value(path, start)
        if not is_text(value.shape.bare) or any(
            isinstance(one, Array) for one in value.shape.walk()
        ):
            raise UnsupportedError(f"{path!r} is no text")
        return value

    def _models(self, shape: Shape) -> list[Model]:
        """Return the models that a value of a type may be; none, if it may be anything else."""
        todo, found = [shape.bare], list[Model]()
        for one in todo:
            item = self.models.items.get(getattr(one, "name", ""))
            if isinstance(item, Model):
                found.append(item)
            elif isinstance(item, Union):
                todo.append(item.type.shape.bare)
            elif isinstance(one, OneOf):
                todo += one.parts
            else:
                return []
        return found

    def _positional(self, item_id: Value) -> list[Field]:
        """Return the parameters that need no name; the last is the id, in the path or the query."""
        named = self.hints.get("parameter", item_id.keys[-1])
        in_path = self.operation.positional
        in_query = [one for one in self.operation.query if raw(one.key) == named]
        if in_query and ("parameter" in self.hints or not in_path):
            type_ = evolve(in_query[0].type, shape=in_query[0].type.shape.bare)
            return [*in_path, evolve(in_query[0], type=type_, required=True)]
        if not in_path or self.hints.get("parameter", raw(in_path[-1].key)) != raw(in_path[-1].key):
            raise UnsupportedError(
                "no parameter at the end of the path, or of the query, tells one"
            )
        return in_path

    def _states(self, state: Value) -> dict[str, str]:
        """Return what a client calls each state of an enum, by what the document calls it."""
        found: dict[str, str] = {}
        if state.shape.bare == shapes.BOOLEAN:
            return {"true": "true", "false": "false"}
        for name in state.shape.classes():
            item = self.models.items[name]
            if not isinstance(item, Enum):
                raise UnsupportedError(f"{'.'.join(state.keys)} is no text")
            for (member, value), said in zip(item.members, item.said, strict=True):
                text = member if isinstance(value, int) else raw(value)
                found |= {str(value) if isinstance(value, int) else text: text}
                found.setdefault(member, text)
                found.setdefault(said or member, text)
        return found

    def _named(self, key: str, names: dict[str, str]) -> list[str]:
        given = [
            str(one).lower() if isinstance(one, bool) else str(one)
            for one in self.hints.get(key) or []
        ]
        if unlisted := [one for one in given if names and one not in names]:
            raise UnsupportedError(f"no state is called {', '.join(sorted(unlisted))}")
        return [names.get(one, one) for one in given]

    def _kind(self, answer: Value) -> str:
        if "kind" not in self.hints:
            return "None"
        kind = self._value(self.hints["kind"], answer)
        as_text = f"None if {kind.code} is None else str({kind.code})"
        return kind.code if kind.is_text else as_text

    def _moment(self, key: str, answer: Value) -> str:
        """Return the expression for a time."""
        if key not in self.hints:
            return "None"
        value = self._value(self.hints[key], answer)
        if value.shape.bare == shapes.DATETIME:
            return value.code
        bare = value.shape.bare
        if set(bare.parts if isinstance(bare, OneOf) else [bare]) <= TIMES:
            return f"moment({value.code})"
        raise UnsupportedError(f"{self.hints[key]!r} is no time")

    def _reasons(self, answer: Value) -> tuple[str, str]:
        """Return the expression for what went wrong, and the field with it; one counts as many."""
        hints = self.hints.get("reasons")
        if not hints:
            return "()", ""
        several = self._value(hints["list"], answer)
        shape = several.shape.bare
        if isinstance(shape, OneOf) and "text" not in hints and all(map(_is_texts, shape.parts)):
            items = f"[{several.code}] if isinstance({several.code}, str) else {several.code} or ()"
            return items, several.names[0]
        is_many = isinstance(shape, Array)
        one = Value("one", shape.inner if is_many else shape)
        text = self._value(hints["text"], one) if "text" in hints else one
        if not text.is_text:
            raise UnsupportedError(f"{hints.get('text', hints['list'])!r} is no text")
        items = f"{several.code} or ()" if is_many else f"[{several.code}]"
        check = "" if is_many or not isinstance(several.shape, Nullable) else " if one is not None"
        return f"({text.code} for one in {items}{check})", several.names[0]


def _state_code(state: Value, result: Value | None) -> str:
    """Return the expression for a state as text: for how it has ended, if that is known."""
    is_named = state.shape.bare != shapes.BOOLEAN
    if result is None and is_named and getattr(state.shape.bare, "base", "str") == "str":
        return f"str({state.code})"
    return f"state_text({', '.join(one.code for one in (result, state) if one)})"


def _is_text(shape: Shape) -> bool:
    if isinstance(shape, OneOf | Nullable):
        return all(map(_is_text, shape.parts))
    is_text = isinstance(getattr(shape, "value", None), str) or getattr(shape, "base", "") == "str"
    return is_text or shape in {shapes.STRING, shapes.ANY_OTHER}


def _is_texts(shape: Shape) -> bool:
    return _is_text(shape.inner if isinstance(shape, Array) else shape)


def _fields(key: str, models: list[Model]) -> list[Field]:
    return [one for model in models for one in model.fields if raw(one.key) == key]


def _errors(noun: str, states: list[str], taken: Collection[str]) -> list[str]:
    """Return what the error of each final state is called."""
    taken = {*taken, *(pascal(f"{noun} {one} error") for one in ("ended", "wait timeout"))}
    names = [
        pascal(f"{noun} {state.lower() if state.isupper() else state} error") for state in states
    ]
    if unnamed := [s for s, n in zip(states, names, strict=True) if not n.isidentifier()]:
        raise UnsupportedError(f"no error can be called after {', '.join(unnamed)}")
    if len(set(names)) < len(names):
        raise UnsupportedError(f"two states give one error: {', '.join(names)}")
    if others := sorted(taken & set(names)):
        raise UnsupportedError(f"another error is called {', '.join(others)}")
    return names
