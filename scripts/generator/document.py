"""An OpenAPI document as it is read, and the ways to get about in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor

Document = Mapping[str, Any]
Node = dict[str, Any]
"""A flat schema; `flat.py` says what that is."""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class UnsupportedError(Exception):
    """A part of a document that no package can be made of."""

    def __init__(self, reason: str, *chain: str) -> None:
        """Say why, and where: what is left out first, what it needs next, the cause at the end."""
        super().__init__(reason, *chain)
        self.reason, self.chain = reason, chain

    def __str__(self) -> str:
        place = ", because of ".join(dict.fromkeys(self.chain))
        return f"{place}: {self.reason}" if place else self.reason

    def within(self, place: str) -> UnsupportedError:
        """Return the same error, as one of what needs the place that it speaks of."""
        return UnsupportedError(self.reason, place, *self.chain)


class ImpossibleError(UnsupportedError):
    """A schema that no value fits."""


@contextmanager
def at(place: str) -> Iterator[None]:
    """Have an error say where it happened, if it does not say so itself."""
    try:
        yield
    except UnsupportedError as error:
        raise (error if error.chain else error.within(place)) from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # What is written in an unforeseen way trips the code that reads it.
        raise UnsupportedError(f"it makes no sense ({error!r})", place) from None
    except RecursionError:
        raise UnsupportedError("it refers to itself without end", place) from None


class _Constructor(SafeConstructor):
    """Makes what JSON has: a date is a text, as in YAML's own JSON schema."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def parse(text: str) -> Any:
    """Return what YAML or JSON says, its keys as JSON has them: `200:` is a status, no number."""
    if text.lstrip().startswith(("{", "[")):
        return _as_json(json.loads(text))
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    return _as_json(yaml.load(text))


def load(path: Path) -> dict[str, Any]:
    """Return the document in a file."""
    document = parse(path.read_text(encoding="utf-8-sig"))
    if not isinstance(document, dict):
        raise UnsupportedError("this is no OpenAPI document")
    return document


def checked(document: Document) -> Document:
    """Return an OpenAPI document, with a title and a version; refuse what is none."""
    version, swagger = document.get("openapi"), document.get("swagger")
    if not str(version).startswith("3."):
        said = f"Swagger {swagger}" if swagger else f"OpenAPI {version or 'of no version'}"
        raise UnsupportedError(f"this is {said}; OpenAPI 3.0 or 3.1 is needed")
    parts = ("schemas", "securitySchemes")
    for place in ("info", "paths", "components", *(f"components.{one}" for one in parts)):
        part: Any = document
        for step in place.split("."):
            part = part.get(step) or {}
        if not isinstance(part, Mapping):
            raise UnsupportedError(f"{place} is no mapping")
    given = document.get("info") or {}
    info = {"title": str(given.get("title") or "API"), "version": str(given.get("version") or "0")}
    return {**document, "info": {**given, **info}}


def _as_json(node: Any) -> Any:
    """Return a node with the keys that JSON has, and each reference written in one way."""
    if isinstance(node, list):
        return [_as_json(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {
        key if isinstance(key, str) else json.dumps(key): _as_json(value)
        for key, value in node.items()
    }
    if isinstance(found.get("$ref"), str):
        found["$ref"] = "/".join(escaped(target_of(step)) for step in found["$ref"].split("/"))
    return found


def escaped(name: str) -> str:
    """Return a name as a step of a `$ref`."""
    return name.replace("~", "~0").replace("/", "~1").replace("%", "%25")


def target_of(reference: str) -> str:
    """Return the name at the end of a `$ref`."""
    return unquote(reference.rsplit("/", 1)[-1]).replace("~1", "/").replace("~0", "~")


def looked_up(document: Document, reference: str) -> Any:
    """Return what a `$ref` leads to."""
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        if isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            found = found.get(target_of(step)) if isinstance(found, Mapping) else None
    if found is None or not reference.startswith("#/"):
        raise UnsupportedError(f"{reference} leads nowhere in this document")
    return found


def resolved(document: Document, node: Document | None) -> Document:
    """Return what the `$ref` of a path, a parameter, a body or an answer leads to."""
    node = node or {}  # What is written and left empty says nothing.
    if "$ref" not in node:
        return node
    # What stands beside a reference counts, too: its description, mostly.
    return {**resolved(document, looked_up(document, node["$ref"])), **node}


def references(schema: Any, *keywords: str) -> list[str]:
    """Return the `$ref` of each part that a schema has under some keywords, as `allOf`."""
    if not isinstance(schema, Mapping):
        return []
    parts = [one for keyword in keywords for one in schema.get(keyword) or []]
    return [one["$ref"] for one in parts if isinstance(one, Mapping) and "$ref" in one]


def reached(names: Iterable[str], after: Callable[[str], Iterable[str]]) -> frozenset[str]:
    """Return some names, and those that come after them in one step or several."""
    found = set(names)
    todo = list(found)
    while todo:
        new = set(after(todo.pop())) - found
        found |= new
        todo += new
    return frozenset(found)
