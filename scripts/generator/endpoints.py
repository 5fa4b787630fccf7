"""Every operation of a document, with its references followed and its schemas in the one form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import define, field, frozen

from .document import Document, UnsupportedError, endpoints, is_json, resolved
from .names import TAKEN_BY_ARGUMENTS, TAKEN_BY_METHODS, free, python_name
from .normalise import Normaliser

IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
"""OpenAPI 3.1, 4.8.12.1: these are not described as parameters."""

STYLES = {"path": "simple", "query": "form", "header": "simple"}
"""Where a parameter may stand, and the style that is understood there."""


@frozen
class Parameter:
    """A parameter of an operation."""

    name: str
    wire_name: str
    place: str
    node: dict[str, Any]
    content: Document
    """What the document says of it."""


@frozen
class Answer:
    """An answer to an operation, by the pattern of its status."""

    status: str
    description: str
    media_type: str | None
    node: dict[str, Any] | None


@define
class Endpoint:
    """An operation as the document has it."""

    name: str
    method: str
    path: str
    content: Document
    parameters: list[Parameter] = field(factory=list)
    body: tuple[str, dict[str, Any]] | None = None
    """The media type, and the schema in the one form."""
    body_required: bool = False
    answers: list[Answer] = field(factory=list)

    @property
    def place(self) -> str:
        """What an error calls it."""
        return f"{self.method} {self.path}"

    def slots(self) -> dict[str, tuple[dict[str, Any], bool]]:
        """Return each schema of it, and whether a value must be given."""
        found = {one.name: (one.node, bool(one.content.get("required"))) for one in self.parameters}
        if self.body:
            found["body"] = self.body[1], self.body_required
        for answer in self.answers:
            if answer.node is not None:
                found[f"answer {answer.status}"] = answer.node, True
        return found

    def as_schema(self) -> dict[str, Any]:
        """Return all its schemas as one object, so that the parser reads them together."""
        slots = self.slots()
        return {
            "type": "object",
            "properties": {key: node for key, (node, _) in slots.items()},
            "required": [key for key, (_, required) in slots.items() if required],
        }


def read_endpoints(
    document: Document, normaliser: Normaliser
) -> Iterator[Endpoint | UnsupportedError]:
    """Yield every operation, or why nothing can be made of it."""
    taken = set(TAKEN_BY_METHODS)
    every = list(endpoints(document))
    ids = [str(item[method].get("operationId")) for _, method, item in every]
    for (path, method, item), given in zip(every, ids, strict=True):
        if given != "None" and ids.count(given) > 1:
            place = f"{method.upper()} {path}"
            yield UnsupportedError(f"another operation has the operationId {given}, too", place)
            continue
        wanted = python_name(item[method].get("operationId") or f"{method} {path}")
        name = free(f"{wanted}_" if wanted in TAKEN_BY_METHODS else wanted, taken)
        taken.add(name)
        endpoint = Endpoint(name, method.upper(), path, item[method])
        try:
            with normaliser.at(endpoint.place):
                found = _Reader(document, normaliser, endpoint).read(item)
                normaliser.finish()
                yield found
        except UnsupportedError as error:
            chain = error.chain if error.chain[:1] == (endpoint.place,) else ()
            yield UnsupportedError(error.reason, *(chain or (endpoint.place, *error.chain)))


@frozen
class _Reader:
    """Reads one operation."""

    document: Document
    normaliser: Normaliser
    endpoint: Endpoint

    def read(self, item: Document) -> Endpoint:
        new, content = self.endpoint, self.endpoint.content
        if content.get("requestBody") is not None:
            body = resolved(self.document, content["requestBody"])
            new.body = self._body(body)
            new.body_required = bool(body.get("required"))
        for status, given in (content.get("responses") or {}).items():
            answer = resolved(self.document, given)
            new.answers.append(self._answer(status, answer))
        new.parameters = list(self._parameters(item))
        known = {one.wire_name for one in new.parameters if one.place == "path"}
        if unknown := [name for name in _braced(new.path) if name not in known]:
            raise UnsupportedError(f"no parameter is called {', '.join(unknown)}")
        return new

    def _parameters(self, item: Document) -> Iterator[Parameter]:
        found: dict[tuple[str, str], Document] = {}
        for given in [*self.endpoint.content.get("parameters", []), *item.get("parameters", [])]:
            one = resolved(self.document, given)
            if one["in"] != "header" or one["name"].lower() not in IGNORED_HEADERS:
                found.setdefault((one["in"], one["name"]), one)
        taken = set(TAKEN_BY_ARGUMENTS) | ({"body"} if self.endpoint.body else set())
        for (place, wire_name), one in sorted(found.items(), key=lambda pair: pair[0][0] != "path"):
            name = python_name(wire_name)
            name = f"{name}_" if name in TAKEN_BY_ARGUMENTS else name
            if name in taken:
                name = free(f"{name.rstrip('_')}_{place}", taken)
            taken.add(name)
            if place not in STYLES:
                raise UnsupportedError(f"the {place} parameter {wire_name!r}")
            if "content" in one or one.get("style", STYLES[place]) != STYLES[place]:
                raise UnsupportedError(f"the style of {wire_name!r}")
            if place == "path" and wire_name not in _braced(self.endpoint.path):
                raise UnsupportedError(f"the path has no {{{wire_name}}}")
            node = self.normaliser.visit(one.get("schema", {}), f"{self.endpoint.name} {name}")
            yield Parameter(name, wire_name, place, node, one)

    def _body(self, body: Document) -> tuple[str, dict[str, Any]] | None:
        for media_type, one in _preferred(body.get("content") or {}):
            if not is_json(media_type):
                raise UnsupportedError(f"a body of type {media_type}, not JSON")
            schema = one.get("schema", {})
            return media_type, self.normaliser.visit(schema, f"{self.endpoint.name} body")
        return None

    def _answer(self, status: str, answer: Document) -> Answer:
        description = answer.get("description", "")
        for media_type, one in _preferred(answer.get("content") or {}):
            if (status[0] == "2" or status == "default") and not is_json(media_type):
                raise UnsupportedError(f"the answer {status} is {media_type}, not JSON")
            node = None
            if "schema" in one:
                name = f"{self.endpoint.name} response {status}"
                node = self.normaliser.visit(one["schema"], name)
            return Answer(status, description, media_type, node)
        return Answer(status, description, None, None)


def _preferred(content: Document) -> list[tuple[str, Document]]:
    """Return the forms of a body or an answer, JSON first."""
    return sorted(content.items(), key=lambda pair: not is_json(pair[0]))


def _braced(path: str) -> list[str]:
    """Return the names in a path that stand in braces."""
    return [part.partition("}")[0] for part in path.split("{")[1:]]
