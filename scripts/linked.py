"""A document over all its files, in which what a reference leads to stands in its place."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from generator.document import parse
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012


def linked(source: str | Path) -> Node:
    """Return the document in a file or at a URL."""
    address = str(source) if "://" in str(source) else Path(source).resolve().as_uri()
    address, resource = _retrieved(address)
    made: Any = Registry
    registry = made(retrieve=cache(lambda uri: _retrieved(uri)[1]))
    resolver = registry.with_resource(address, resource).resolver(address)
    return Node(resource.contents, resolver, {}, [])


def _retrieved(address: str) -> tuple[str, Resource[Any]]:
    """Return what lies at an address, and where that was in the end."""
    if address.startswith("file:"):
        text = Path(httpx.URL(address).path).read_text(encoding="utf-8")
    else:
        answer = httpx.get(address, follow_redirects=True, timeout=30).raise_for_status()
        text, address = answer.text, str(answer.url)
    return address, Resource.from_contents(parse(text), default_specification=DRAFT202012)


class Node(UserDict[str, Any]):
    """An object of a document. Within it, what a reference leads to stands in its place."""

    def __init__(self, data: Any, resolver: Any, made: dict[int, Node], lost: list[str]) -> None:
        """Hold a part of a document: `made` has what was reached, by id, `lost` what was not."""
        super().__init__()
        self.data, self.resolver, self.made, self.lost = data, resolver, made, lost

    # A schema may hold itself: it is known by which it is, not by what is in it.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __getitem__(self, key: str) -> Any:
        return self.within(self.data[key])

    def within(self, data: Any) -> Any:
        """Return a part of the document, the same one each time."""
        if isinstance(data, list):
            return [self.within(item) for item in data]
        if not isinstance(data, Mapping) or isinstance(data, Node):
            return data
        if id(data) not in self.made:
            self.made[id(data)] = Node(data, self.resolver, self.made, self.lost).followed()
        return self.made[id(data)]

    def followed(self) -> Node:
        """Return what a reference leads to, together with what stands beside the reference."""
        node, seen, beside = self, list[Any](), dict[str, Any]()
        while isinstance(reference := node.data.get("$ref"), str):
            beside = {k: v for k, v in node.data.items() if k not in NO_PART} | beside
            seen.append(node.data)
            try:
                found = node.resolver.lookup(reference)
                why = "leads to itself" if any(found.contents is one for one in seen) else ""
            except (Unresolvable, ValueError) as error:
                why = f"leads nowhere: {str(error.__cause__ or error)[:200]}"
            if why or not isinstance(found.contents, Mapping):
                self.lost.append(f"{reference} {why or 'leads to no object'}")
                return Node({}, None, self.made, self.lost)
            node = Node(found.contents, found.resolver, self.made, self.lost)
        key = id(node.data)
        if node.data.get("nullable") is True:  # As OpenAPI 3.1 has it.
            rest = {k: v for k, v in node.data.items() if k != "nullable"}
            either = {"anyOf": [rest, {"type": "null"}]}
            node = Node(either, node.resolver, self.made, self.lost)
        target = self.made.setdefault(key, node)
        if not beside:
            return target
        return Node({"allOf": [target, beside]}, self.resolver, self.made, self.lost)


NO_PART = {"$ref", "summary", "description"}
"""What may stand beside a reference and says nothing of a value."""
