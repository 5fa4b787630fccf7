"""The operations of the client, from what the document says of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs

from attrs import frozen

from . import shapes
from .document import METHODS, Document, Node, UnsupportedError, resolved
from .flat import Flattener
from .media import answer_of, body_of
from .model import Field, Model
from .models import Models
from .names import TAKEN_BY_ARGUMENTS, TAKEN_BY_METHODS, free, python_name
from .operation import Answer, Operation
from .reader import Reader
from .security import Security
from .shapes import UUID_ARGUMENT, Array, Class, Enum, Map, Named, Shape, argument, members
from .text import Text, literal, sentence

STYLES = {"path": ("simple",), "query": ("form", "deepObject"), "header": ("simple",)}
"""Where a parameter may stand, and the styles that are understood there; the first is the usual."""

LIMITS = (
    ("minimum", "at least {}"),
    ("maximum", "at most {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("maxItems", "at most {} items"),
)
"""What the description of a parameter says of its limits."""

IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
"""OpenAPI 3.1, 4.8.12.1: these are not described as parameters."""


def read_operations(reader: Reader) -> tuple[list[Operation], Security]:
    """Return the operations that can be made, and what they send to say who is calling."""
    endpoints = list(_endpoints(reader))
    security = Security.of(reader.flats.document, [one.content for one in endpoints])
    names = [one.name for one in endpoints]
    found: list[Operation] = []
    for one in endpoints:
        with reader.noting(one.place):
            if names.count(one.name) > 1:
                raise UnsupportedError(f"another operation would be called {one.name}, too")
            security.check(one.content)
            found.append(one.read())
        reader.finish()
    return sorted(found, key=lambda operation: operation.name), security


def _endpoints(reader: Reader) -> Iterator[Endpoint]:
    for path, given in (reader.flats.document.get("paths") or {}).items():
        with reader.noting(f"the path {path}"):
            item = {} if path.startswith("x-") else resolved(reader.flats.document, given)
            for method in (one for one in METHODS if one in item):
                with reader.noting(f"{method.upper()} {path}"):
                    if not isinstance(item[method], Mapping):
                        raise UnsupportedError("no operation")
                    yield Endpoint(reader, path, method, item, item[method])
            known = {*METHODS, "$ref", "description", "parameters", "servers", "summary"}
            if odd := [one for one in item if one not in known and not one.startswith("x-")]:
                raise UnsupportedError(f"there is no method {', '.join(odd)}")


@frozen
class Endpoint:
    """An operation as the document has it."""

    reader: Reader
    path: str
    method: str
    item: Document
    """The path's own entry, with what all its operations share."""
    content: Document

    @property
    def place(self) -> str:
        """What an error calls it."""
        return f"{self.method.upper()} {self.path}"

    @property
    def name(self) -> str:
        """What the client calls it."""
        name = python_name(str(self.content.get("operationId") or f"{self.method} {self.path}"))
        return f"{name}_" if name in TAKEN_BY_METHODS else name

    def read(self) -> Operation:
        """Return it as templates see it."""
        self._check_servers()
        body, body_content = self._body()
        path, _, query = self.path.partition("#")[0].partition("?")
        if not path.startswith("/") or "{" in query:
            raise UnsupportedError("its path has no / at its front, or a parameter in its query")
        fields = list(self._parameters(has_body=body is not None))
        in_path = [one for one in fields if one.said["in"] == "path"]
        return Operation(
            name=self.name,
            method=self.method.upper(),
            path=Text(self.path),
            url=_url(path, in_path),
            fixed_query=parse_qs(query, keep_blank_values=True),
            positional=sorted(in_path, key=lambda one: path.find(f"{{{one.key}}}")),
            query=[one for one in fields if one.said["in"] == "query"],
            headers=[one for one in fields if one.said["in"] == "header"],
            body=body,
            body_content=body_content,
            content=self.content,
            answers=list(self._answers()),
        )

    def _check_servers(self) -> None:
        """Refuse an operation that has servers of its own: a client, and its token, has one."""
        given = self.content.get("servers") or self.item.get("servers") or []
        own = {one["url"] for one in given}
        usual = {one["url"] for one in self.reader.flats.document.get("servers") or [{"url": "/"}]}
        if own and own != usual:
            raise UnsupportedError(f"it has a server of its own, {', '.join(sorted(own))}")

    def _parameters(self, *, has_body: bool) -> Iterator[Field]:
        found: dict[tuple[str, str], Document] = {}
        own, shared = (one.get("parameters") or [] for one in (self.content, self.item))
        for given in [*own, *shared]:
            one = resolved(self.reader.flats.document, given)
            if one["in"] != "header" or one["name"].lower() not in IGNORED_HEADERS:
                found.setdefault((one["in"], one["name"]), one)
        in_path = {("path", name) for name in re.findall("{(.*?)}", self.path)}
        if odd := in_path ^ {key for key in found if key[0] == "path"}:
            names = ", ".join(sorted(name for _, name in odd))
            raise UnsupportedError(f"its path and its parameters do not both have {names}")
        taken = {"body"} if has_body else set[str]()
        for (place, key), one in sorted(found.items(), key=lambda pair: pair[0] not in in_path):
            name = python_name(key)
            name = f"{name}_" if name in TAKEN_BY_ARGUMENTS else name
            if name in taken:
                name = free(f"{name.rstrip('_')}_{place}", taken)
            taken.add(name)
            yield self._parameter(name, one)

    def _parameter(self, name: str, said: Document) -> Field:
        place, key = said["in"], said["name"]
        if place not in STYLES:
            raise UnsupportedError(f"the {place} parameter {key!r}")
        if "content" in said or said.get("style", STYLES[place][0]) not in STYLES[place]:
            raise UnsupportedError(f"the style of {key!r}")
        node = self.reader.flats.flat(said.get("schema", {}))
        shape = self.reader.typed(node, f"{self.name} {name}")
        self.reader.finish()
        _check_type(said, shape.bare, self.reader.models)
        shape = argument(shape.bare if place == "path" else shape)
        return _argument(self.reader.flats, name, node, shape, said)

    def _body(self) -> tuple[Field | None, str]:
        said = resolved(self.reader.flats.document, self.content.get("requestBody"))
        if not said.get("content"):
            return None, ""
        node, shape, sent = body_of(said["content"], self.reader, self.name)
        return _argument(self.reader.flats, "body", node, shape, said), sent

    def _answers(self) -> Iterator[Answer]:
        for given_status, given in (self.content.get("responses") or {}).items():
            if given_status.startswith("x-"):
                continue
            status = given_status.replace("x", "X")
            try:
                answer = resolved(self.reader.flats.document, given)
                has_body = self.method != "head" and status not in {"204", "205"}
                content = (answer.get("content") if has_body else None) or {}
                name, description = f"{self.name} response {status}", answer.get("description")
                found = answer_of(content, self.reader, name)
                yield Answer(status, Text(description or ""), *found)
            except UnsupportedError as error:
                if status[0] not in "45":
                    raise
                # An error says what came, whatever that is: the operation does without its type.
                self.reader.problems.append(error.within(f"{self.place} ({status})"))


def _url(path: str, fields: list[Field]) -> str:
    """Return the expression that fills in a path."""
    written: dict[str, str] = {}
    for one in fields:
        kind = "uuid" if one.type == UUID_ARGUMENT else "path"
        written[one.key] = f"{kind}_argument({one.name!r}, {one.name})"
    parts = enumerate(re.split("{(.*?)}", path))  # Each second one is a name.
    return " + ".join(written[one] if index % 2 else literal(one) for index, one in parts if one)


def is_scalar(shape: Shape) -> bool:
    """Whether values of a type are one text or number each."""
    return all(
        isinstance(o, Enum) or not isinstance(o, Array | Map | Named) for o in members(shape)
    )


def _check_type(said: Document, shape: Shape, models: Models) -> None:
    """Refuse a type that no text of a request can be made of, nor one for each of its parts."""
    is_flat = said["in"] == "query" and said.get("explode", True)
    parts: list[Shape] = []
    for one in members(shape):
        model = models.of(one)
        inner = model.shapes if isinstance(model, Model) else one.parts
        parts += inner if is_flat and isinstance(one, Class | Map) else [one]
    texts = [
        one.inner if isinstance(one, Array) else one for part in parts for one in members(part)
    ]
    if said.get("style") != "deepObject" and not all(map(is_scalar, texts)):
        raise UnsupportedError(f"the type of {said['name']!r}")


def _argument(flats: Flattener, name: str, node: Node, shape: Shape, said: Document) -> Field:
    """Return a parameter or a body with its description, its default and its limits."""
    unsaid = f"The parameter `{said['name']}`." if "in" in said else "The body of the request."
    parts = [said.get("description") or flats.about(node, "description") or unsaid]
    if node.get("default") is not None:
        parts.append(f"The API's default is `{node['default']}`.")
    limits = [
        limit.format(node[key]).removesuffix("s" if node[key] == 1 else "")
        for key, limit in LIMITS
        if key in node
    ]
    is_deprecated = said.get("deprecated") or node.get("deprecated")
    parts += [", ".join(limits).capitalize(), "Deprecated." if is_deprecated else ""]
    text = Text(" ".join(filter(None, map(sentence, parts))))
    required = said.get("in") == "path" or bool(said.get("required"))
    type_ = shape if required else shapes.Nullable.of(shape)
    return Field(name, Text(said.get("name", name)), type_, required, text, node, said)
