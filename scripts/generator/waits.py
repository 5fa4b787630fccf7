"""What `x-long-running` says of an operation; CONTRIBUTING.md explains it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Mapping

from attrs import evolve

from .document import Document, UnsupportedError
from .model import Enum, Field
from .models import Models
from .names import TAKEN_BY_NOUNS, pascal
from .operation import Operation, Value, Wait, check_words, models_of
from .operations import is_scalar
from .shapes import ANY, BOOLEAN, INTEGER, STRING, UUID_ARGUMENT, Array, Shape, members, one_of

NEEDED = frozenset({"noun", "id", "state", "succeeded", "failed"})
FIELDS = ("id", "state", "result", "kind", "began", "ended")
KNOWN = NEEDED.union(FIELDS, {"parameter", "final", "reasons"})

PROGRESS = frozenset({"is_final", "succeeded", "duration", "raise_for_state"})
"""What a model says of itself that something in progress has, unless a field has such a name."""


def wait_of(operation: Operation, hints: Document, models: Models, taken: Collection[str]) -> Wait:
    """Return how to wait for what an operation looks at; the names of methods are `taken`."""
    check_words(hints, NEEDED, KNOWN)
    noun = _noun(str(hints["noun"]), taken)
    returned = operation.answer
    found = {key: _scalar(hints[key], returned, models) for key in FIELDS if key in hints}
    if "reasons" in hints:
        found |= _reasons(hints["reasons"], returned, models)
    states = _states(found["state"], models)
    results = _states(found["result"], models) if "result" in hints else states
    succeeded, failed = (_named(hints, key, states, results) for key in ("succeeded", "failed"))
    final = _named(hints, "final", states)
    if both := set(succeeded) & set(failed):
        raise UnsupportedError(f"{', '.join(sorted(both))} is both a success and a failure")
    over = {*succeeded, *failed, *final}
    wait = Wait(
        operation=operation,
        noun=noun,
        found=found,
        active=[one for one in dict.fromkeys(states.values()) if one not in over],
        finished=final,
        succeeded=succeeded,
        failed=_errors(noun, failed, taken),
    )
    operation.positional = _positional(operation, hints.get("parameter"), found["id"])
    for model in models_of(returned, models):
        if not PROGRESS & {one.name for one in model.fields}:
            model.operation = model.operation or operation.name
    return wait


def _noun(noun: str, taken: Collection[str]) -> str:
    if not re.fullmatch("[a-z]+(_[a-z]+)*", noun):
        raise UnsupportedError(f"{noun!r} is no noun in lower case")
    if keyword.iskeyword(noun) or noun in TAKEN_BY_NOUNS:
        raise UnsupportedError(f"the noun {noun!r} is a word of Python, or of every error")
    if {f"wait_for_{noun}", f"wait_for_{noun}s"} & set(taken):
        raise UnsupportedError(f"two operations have the same noun, or are called wait_for_{noun}")
    return noun


def _scalar(path: str, shape: Shape, models: Models) -> Value:
    """Return a field that is one text or number."""
    value = Value.of(path, shape, models)
    if not is_scalar(value.shape):
        raise UnsupportedError(f"{path!r} is no text")
    return value


def _reasons(hints: Document, returned: Shape, models: Models) -> dict[str, Value]:
    """Return the field with what went wrong, and that within it with the text, if any."""
    several = Value.of(hints["list"], returned, models)
    inner = one_of(one.inner if isinstance(one, Array) else one for one in members(several.shape))
    if "text" in hints:
        return {"reasons": several, "text": _scalar(hints["text"], inner, models)}
    if not is_scalar(inner):
        raise UnsupportedError(f"{hints['list']!r} is no text")
    return {"reasons": several}


def _states(state: Value, models: Models) -> dict[str, str]:
    """Return what a client calls each state of an enum, by what the document calls it."""
    if state.shape.bare == BOOLEAN:
        return {"true": "true", "false": "false"}
    names: dict[str, str] = {}
    values: dict[str, str] = {}
    for enum in [models.items[name] for name in state.shape.classes()]:
        for member, value, said in enum.members if isinstance(enum, Enum) else []:
            values[str(value)] = member if isinstance(value, int) else value
            names[said or member] = values[str(value)]
    return names | values


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


def _positional(operation: Operation, parameter: str | None, item_id: Value) -> list[Field]:
    """Return the parameters that need no name; the last is the id, in the path or the query."""
    found = operation.positional
    named = parameter or (found[-1].key if found else item_id.keys[-1])
    one = next((one for one in [*found[-1:], *operation.query] if one.key == named), None)
    if one is None or one.type.bare not in {ANY, INTEGER, STRING, UUID_ARGUMENT}:
        raise UnsupportedError(f"it has no parameter {named!r} that is a text or an integer")
    return found if one in found else [*found, evolve(one, type=one.type.bare, required=True)]


def _errors(noun: str, states: list[str], taken: Collection[str]) -> dict[str, str]:
    """Return what the error of each final state is called."""
    found: dict[str, str] = {}
    others = {*taken, *(pascal(f"{noun} {one} error") for one in ("ended", "wait timeout"))}
    for state in states:
        name = pascal(f"{noun} {state.lower() if state.isupper() else state} error")
        if name in {*others, *found.values()}:
            raise UnsupportedError(f"another error is called {name}")
        found[state] = name
    return found
