"""The operations of the client, from what the document says of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import parse_qsl

from attrs import define, evolve, field

from .document import METHODS, Document, UnsupportedError, at, resolved
from .media import answer_of, body_of
from .model import Field
from .names import TAKEN_BY_ARGUMENTS, TAKEN_BY_METHODS, free, python_name
from .operation import Answer, Media, Operation
from .parameters import STYLES, check_type, described
from .reader import Reader, new_field
from .security import Security
from .shapes import UUID_ARGUMENT, argument
from .text import Text, literal
from .validate import check

IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
"""OpenAPI 3.1, 4.8.12.1: these are not described as parameters."""


@contextmanager
def noting(problems: list[UnsupportedError], place: str) -> Iterator[None]:
    """Note why something is not made, and go on."""
    try:
        with at(place):
            yield
    except UnsupportedError as error:
        problems.append(error.within(place))


@define
class Endpoint:
    """An operation as the document has it."""

    path: str
    method: str
    item: Document
    """The path's own entry, with what all its operations share."""
    content: Document
    name: str = ""

    @property
    def place(self) -> str:
        """What an error calls it."""
        return f"{self.method.upper()} {self.path}"


@define
class Operations:
    """Reads the operations of a document."""

    document: Document
    reader: Reader
    problems: list[UnsupportedError] = field(factory=list)
    security: Security = field(init=False)

    def read(self) -> list[Operation]:
        """Return what can be made of them, and note why the others cannot."""
        taken = set(TAKEN_BY_METHODS)
        endpoints = list(self._endpoints())
        self.security = Security.of(self.document, [one.content for one in endpoints])
        ids = [str(one.content.get("operationId") or "") for one in endpoints]
        wishes = [python_name(given) for given in ids if given]
        found = []
        for one, given in zip(endpoints, ids, strict=True):
            wanted = python_name(given or f"{one.method} {one.path}")
            one.name = free(f"{wanted}_" if wanted in TAKEN_BY_METHODS else wanted, taken)
            taken.add(one.name)
            with noting(self.problems, one.place):
                check("operation", {**one.content, "responses": {}})
                if given and wishes.count(wanted) > 1:
                    raise UnsupportedError(f"another operation would be called {wanted}, too")
                self.security.check(one.content)
                self._check_servers(one)
                found.append(self._operation(one))
            self.reader.finish()
        return sorted(found, key=lambda operation: operation.name)

    def _endpoints(self) -> Iterator[Endpoint]:
        for path, given in (self.document.get("paths") or {}).items():
            with noting(self.problems, f"the path {path}"):
                item = {} if path.startswith("x-") else resolved(self.document, given)
                for method in (one for one in METHODS if one in item):
                    with noting(self.problems, f"{method.upper()} {path}"):
                        if not isinstance(item[method], Mapping):
                            raise UnsupportedError("no operation")
                        yield Endpoint(path, method, item, item[method])

    def _check_servers(self, endpoint: Endpoint) -> None:
        """Refuse an operation that has servers of its own: a client, and its token, has one."""
        given = endpoint.content.get("servers") or endpoint.item.get("servers") or []
        own = {one["url"] for one in given}
        usual = {one["url"] for one in self.document.get("servers") or [{"url": "/"}]}
        if own and own != usual:
            raise UnsupportedError(f"it has a server of its own, {', '.join(sorted(own))}")

    def _operation(self, endpoint: Endpoint) -> Operation:
        body, media = self._body(endpoint)
        answers = sorted(self._answers(endpoint), key=lambda one: _specific_first(one.status))
        path, _, query = endpoint.path.partition("#")[0].partition("?")
        if not path.startswith("/") or "{" in query:
            raise UnsupportedError("its path has no / at its front, or a parameter in its query")
        fields = list(self._parameters(endpoint, has_body=body is not None))
        in_path = [one for one in fields if one.said["in"] == "path"]
        return Operation(
            name=endpoint.name,
            method=endpoint.method.upper(),
            path=Text(endpoint.path),
            url=_url(path, in_path),
            fixed_query=tuple(parse_qsl(query, keep_blank_values=True)),
            positional=sorted(in_path, key=lambda one: path.find(f"{{{one.key}}}")),
            query=[one for one in fields if one.said["in"] == "query"],
            headers=[one for one in fields if one.said["in"] == "header"],
            body=body,
            media=media,
            content=endpoint.content,
            answers=answers,
        )

    def _parameters(self, endpoint: Endpoint, *, has_body: bool) -> Iterator[Field]:
        found: dict[tuple[str, str], Document] = {}
        content, item = endpoint.content, endpoint.item
        for given in [*(content.get("parameters") or []), *(item.get("parameters") or [])]:
            one = resolved(self.document, given)
            check("parameter", one)
            if one["in"] != "header" or one["name"].lower() not in IGNORED_HEADERS:
                found.setdefault((one["in"], one["name"]), one)
        in_path = {("path", name) for name in re.findall("{(.*?)}", endpoint.path)}
        if odd := in_path ^ {key for key in found if key[0] == "path"}:
            names = ", ".join(sorted(name for _, name in odd))
            raise UnsupportedError(f"its path and its parameters do not both have {names}")
        taken = set(TAKEN_BY_ARGUMENTS) | ({"body"} if has_body else set())
        for (place, key), one in sorted(found.items(), key=lambda pair: pair[0] not in in_path):
            name = python_name(key)
            name = f"{name}_" if name in TAKEN_BY_ARGUMENTS else name
            if name in taken:
                name = free(f"{name.rstrip('_')}_{place}", taken)
            taken.add(name)
            yield self._parameter(endpoint, name, one)

    def _parameter(self, endpoint: Endpoint, name: str, said: Document) -> Field:
        place, key = said["in"], said["name"]
        if place not in STYLES:
            raise UnsupportedError(f"the {place} parameter {key!r}")
        if "content" in said or said.get("style", STYLES[place][0]) not in STYLES[place]:
            raise UnsupportedError(f"the style of {key!r}")
        node = self.reader.flats.flat(said.get("schema", {}))
        shape = self.reader.typed(node, f"{endpoint.name} {name}", endpoint.place)
        self.reader.finish()
        check_type(said, shape.bare, self.reader.models)
        shape = argument(shape.bare if place == "path" else shape)
        required = place == "path" or bool(said.get("required"))
        one = new_field(self.reader.flats, key, node, shape, required=required)
        return described(evolve(one, name=name), said, node)

    def _body(self, endpoint: Endpoint) -> tuple[Field | None, Media | None]:
        said = resolved(self.document, endpoint.content.get("requestBody") or {})
        media = body_of(said.get("content") or {}, self.reader, endpoint.name, endpoint.place)
        if media is None:
            return None, None
        required = bool(said.get("required"))
        body = new_field(self.reader.flats, "body", media.node, media.shape, required=required)
        return described(body, said, media.node), media

    def _answers(self, endpoint: Endpoint) -> Iterator[Answer]:
        for given_status, given in (endpoint.content.get("responses") or {}).items():
            if given_status.startswith("x-"):
                continue
            status = given_status.replace("x", "X")
            name = f"{endpoint.name} response {status}"
            try:
                answer = resolved(self.document, given)
                content = answer.get("content") or {}
                media = answer_of(content, self.reader, name, endpoint.place)
                yield Answer(status, str(answer.get("description") or ""), media)
            except UnsupportedError as error:
                if status[0] not in "45":
                    raise
                # An error says what came, whatever that is: the operation does without its type.
                self.problems.append(error.within(f"{endpoint.place} ({status})"))


def _specific_first(status: str) -> tuple[int, str]:
    """Sort statuses as they are to be tried: `200` before `2XX` before `default`."""
    return (2 if status == "default" else int(not status.isdigit()), status)


def _url(path: str, fields: list[Field]) -> str:
    """Return the expression that fills in a path."""
    by_key: dict[str, Field] = {one.key: one for one in fields}
    parts: list[str] = []
    for index, part in enumerate(re.split("{(.*?)}", path)):
        if index % 2:
            found = by_key[part]
            check = "uuid_argument" if found.type == UUID_ARGUMENT else "path_argument"
            parts.append(f"{check}({found.name!r}, {found.name})")
        elif part:
            parts.append(literal(part))
    return " + ".join(parts)
