"""The operations of the client, from what the document says of each."""

from __future__ import annotations

from urllib.parse import parse_qsl

from attrs import evolve, frozen

from .document import Document, UnsupportedError
from .endpoints import Answer, Endpoint, Parameter
from .model import Field, Operation, Type
from .models import Builder
from .parse import Fields
from .shapes import ANY, NONE, Array, Class, Map, OneOf, Scope, Shape, Union, argument
from .text import Text, literal, raw

LIMITS = (
    ("minimum", "at least {}"),
    ("maximum", "at most {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("maxItems", "at most {} items"),
)
"""What the description of a parameter says of its limits."""


@frozen
class OperationBuilder:
    """Makes an operation of an endpoint and the types of its schemas."""

    builder: Builder
    scope: Scope
    named_statuses: Document
    """The name of the error of each status that has one."""

    def build(self, endpoint: Endpoint, fields: Fields) -> Operation:
        """Return an operation."""
        by_place: dict[str, list[Field]] = {"path": [], "query": [], "header": []}
        for parameter in endpoint.parameters:
            one = self._parameter(parameter, fields.types[parameter.name])
            by_place[parameter.place].append(one)
        in_path = endpoint.path.find
        by_place["path"].sort(key=lambda one: in_path(f"{{{raw(one.key)}}}"))
        answers = sorted(endpoint.answers, key=lambda answer: _specific_first(answer.status))
        successes = [answer for answer in answers if answer.status.startswith("2")]
        successes = successes or [answer for answer in answers if answer.status == "default"]
        joined = {p.name for p in endpoint.parameters if p.content.get("explode") is False}
        operation = Operation(
            name=endpoint.name,
            method=endpoint.method,
            path=Text(endpoint.path),
            url=_url(endpoint.path.partition("?")[0], by_place["path"]),
            fixed_query=fixed_query(endpoint.path),
            doc=Text(""),
            path_fields=by_place["path"],
            query=by_place["query"],
            headers=by_place["header"],
            body=None,
            body_type=None,
            successes=[(one.status, self._answer(one, fields)) for one in successes],
            joined=tuple(raw(one.key) for one in by_place["query"] if one.name in joined),
            long_running=endpoint.content.get("x-long-running"),
        )
        if endpoint.body:
            media_type, node = endpoint.body
            required = endpoint.body_required
            body = self.builder.field("body", node, fields.types["body"], required=required)
            operation.body = body.within(self.scope)
            operation.body_type = None if media_type == "application/json" else Text(media_type)
        return evolve(operation, doc=Text(self._doc(operation, endpoint)))

    def _parameter(self, parameter: Parameter, shape: Shape) -> Field:
        if not is_text(shape) or (parameter.place != "query" and isinstance(shape, Array)):
            raise UnsupportedError(f"the type of {parameter.wire_name!r}")
        required = bool(parameter.content.get("required"))
        one = self.builder.field(
            parameter.wire_name, parameter.node, argument(shape), required=required
        )
        said = parameter.content.get("description") or raw(
            self.builder.field(parameter.name, parameter.node, shape, required=True).description
        )
        default = parameter.node.get("default")
        if default is not None:
            said = f"{said.rstrip(' .')}. The API's default is `{default}`."
        limits = [text.format(parameter.node[key]) for key, text in LIMITS if key in parameter.node]
        if limits:
            said = f"{said.rstrip(' .')}. {', '.join(limits).capitalize()}."
        return evolve(one, name=parameter.name, description=Text(said)).within(self.scope)

    def _answer(self, answer: Answer, fields: Fields) -> Type:
        if answer.node is None:
            return Type(ANY if answer.media_type else NONE)
        return Type(fields.types[f"answer {answer.status}"], self.scope)

    def _doc(self, operation: Operation, endpoint: Endpoint) -> str:
        def section(title: str, items: list[tuple[str, str]]) -> str:
            lines = [f"    {name}: {' '.join(text.split())}" for name, text in items]
            return "\n".join([f"{title}:", *lines]) if items else ""

        content = endpoint.content
        statuses = {
            self.named_statuses[one.status]: f"{one.description.removesuffix('.')} ({one.status})."
            for one in endpoint.answers
            if one.status in self.named_statuses
        }
        said = [a.description for a in endpoint.answers if a.status.startswith("2")]
        answer = next(filter(None, said), "")
        checked = [f for f in operation.path_fields if f.type.annotation == "str | UUID"]
        raises = [
            *([("ValueError", f"`{checked[0].name}` is not a UUID.")] if checked else []),
            *statuses.items(),
            ("APIStatusError", "The API answered with another unexpected status."),
            ("APIConnectionError", "The API could not be reached, or took too long."),
            ("ResponseDecodeError", "The answer does not match the spec."),
        ]
        arguments = [(one.name, raw(one.description)) for one in operation.path_fields]
        if arguments and operation.long_running:
            name, text = arguments[-1]
            arguments[-1] = name, f"{text} Or the {operation.long_running.get('noun')} itself."
        arguments += [(one.name, raw(one.description)) for one in operation.keywords]
        parts = [
            content.get("summary", "").rstrip(".") + "." if content.get("summary") else "",
            content.get("description", ""),
            "Deprecated." if content.get("deprecated") else "",
            section("Args", arguments),
            f"Returns:\n    {' '.join(answer.split())}" if answer else "",
            section("Raises", raises),
            f"Source: `{operation.method} {raw(operation.path)}`.",
        ]
        return "\n\n".join(part for part in parts if part)


def is_text(shape: Shape) -> bool:
    """Whether values of a type can be written as one text, or as one each for an array."""
    if isinstance(shape, Array):
        return is_text(shape.item) and not isinstance(shape.item, Array)
    if isinstance(shape, OneOf):
        return all(map(is_text, shape.members))
    return not isinstance(shape, Class | Map | Union) and all(map(is_text, shape.parts))


def _specific_first(status: str) -> tuple[int, str]:
    """Sort statuses as they are to be tried: `200` before `2XX` before `default`."""
    return (2 if status == "default" else int(not status.isdigit()), status)


def fixed_query(path: str) -> tuple[tuple[str, str], ...]:
    """Return the query that a path has of its own, as pairs."""
    query = path.partition("?")[2]
    if "{" in query:
        raise UnsupportedError("a parameter within the query of the path")
    return tuple(parse_qsl(query, keep_blank_values=True))


def _url(path: str, fields: list[Field]) -> str:
    """Return the expression that fills in a path."""
    by_key = {raw(one.key): one for one in fields}
    first, *rest = path.split("{")
    parts = [literal(first)] if first else []
    for part in rest:
        key, _, text = part.partition("}")
        found = by_key[key]
        check = "uuid_argument" if found.type.annotation == "str | UUID" else "path_argument"
        parts.append(f"{check}({found.name!r}, {found.name})")
        parts += [literal(text)] if text else []
    return " + ".join(parts) or '""'
