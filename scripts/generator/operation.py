"""What templates see of operations: the calls, the waits and the ways through pages."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, frozen

from .document import Document
from .model import Field
from .names import pascal
from .shapes import NONE, Shape, one_of
from .text import Text, literal, sentence


def arguments(**given: object) -> str:
    """Return further arguments of a call, but for those that are empty."""
    return "".join(f", {name}={value!r}" for name, value in given.items() if value)


@frozen
class Paging:
    """How to go through the pages of a list, as `x-paging` says."""

    name: str
    """The method that yields the items."""
    position: str
    """The parameter that tells which page."""
    item: Shape
    arguments: str
    """What is passed on beside the position to what reads the pages."""


@frozen
class Answer:
    """An answer to an operation, by the pattern of its status."""

    status: str
    description: Text
    media_type: str
    """It is empty where there is no content."""
    type: Shape


@define
class Operation:
    """An operation."""

    name: str
    method: str
    path: Text
    url: str
    """An expression: the path with its parameters filled in."""
    fixed_query: dict[str, list[str]]
    """The query that the path has of its own."""
    positional: list[Field]
    """The parameters that are given without their names: those of the path."""
    query: list[Field]
    headers: list[Field]
    body: Field | None
    body_content: str
    """An expression: the body as it is sent."""
    content: Document
    """What the document says of it."""
    answers: list[Answer]
    """Those that are understood."""
    paging: Paging | None = None
    wait: Wait | None = None

    @property
    def place(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def about(self) -> Text:
        """What its docstring begins with."""
        said = self.content
        first = sentence(said.get("summary") or "")
        rest = str(said.get("description") or "") or ("" if first else f"Call `{self.place}`.")
        parts = [first, rest, "Deprecated." if said.get("deprecated") else ""]
        return Text("\n\n".join(filter(None, parts)))

    @property
    def classes(self) -> frozenset[str]:
        """The names of the classes that it needs."""
        types = [self.answer, *(one.type for one in (*self.positional, *self.keywords))]
        return frozenset[str]().union(*(one.classes() for one in types))

    @property
    def successes(self) -> list[Answer]:
        """The answers that are no errors."""
        for some in ("2", "default"):
            if found := [one for one in self.answers if one.status.startswith(some)]:
                return found
        return [Answer("2XX", Text(""), "", NONE)]  # The document knows none.

    @property
    def written(self) -> list[tuple[str, list[tuple[str, str]], str]]:
        """What writes the query and the headers, the values by their keys, and in which ways."""
        query = [(key, literal(given)) for key, given in self.fixed_query.items()]
        query += [(one.key, one.name) for one in self.query]
        said: dict[str, Document] = {one.key: one.said for one in self.query}
        joined = [key for key, one in said.items() if one.get("explode") is False]
        deep = [key for key, one in said.items() if one.get("style") == "deepObject"]
        headers = [(str(one.key), one.name) for one in self.headers]
        names = dict.fromkeys(one.media_type for one in self.successes if one.media_type)
        if names and list(names) != ["application/json"]:
            headers.append(("Accept", literal(", ".join(names))))
        ways = arguments(joined=joined, deep=deep)
        return [("params=query_arguments", query, ways), ("headers=header_arguments", headers, "")]

    @property
    def keywords(self) -> list[Field]:
        given = {one.name for one in self.positional}
        named = [*([self.body] if self.body else []), *self.query, *self.headers]
        named = [one for one in named if one.name not in given]
        return sorted(named, key=lambda parameter: not parameter.required)

    @property
    def signature(self) -> str:
        star = ["*"] if self.keywords else []
        declared = [[one.declaration for one in some] for some in (self.positional, self.keywords)]
        if self.wait:  # What has the id may stand for it.
            declared[0][-1] += f" | {self.returns}"
        return ", ".join([*declared[0], *star, *declared[1]])

    @property
    def arguments(self) -> str:
        """What a client makes the call of: the function that builds it, and its arguments."""
        positional = [f"_operations.{self.name}", *(p.name for p in self.positional)]
        return ", ".join([*positional, *(f"{p.name}={p.name}" for p in self.keywords)])

    @property
    def answer(self) -> Shape:
        """The type of what the server answers, if that is no error."""
        return one_of(one.type for one in self.successes)

    @property
    def returns(self) -> str:
        return self.answer.annotation


@frozen
class Wait:
    """How to wait for what an operation looks at, as `x-long-running` says."""

    operation: Operation
    noun: str
    fields: Mapping[str, str]
    """The fields that it names, by its own words for them; `text` is one within `reasons`.

    Each is as Python calls it, and `a.b` where it lies within another.
    """
    active: list[str]
    finished: list[str]
    """What `state` says at the end, where `result` says how it has ended."""
    succeeded: list[str]
    failed: Mapping[str, str]
    """The error of each other final state."""

    @property
    def id(self) -> Field:
        """The parameter that tells one from another."""
        return self.operation.positional[-1]

    @property
    def id_name(self) -> str:
        """What an error calls the id."""
        return self.id.name if self.id.name != self.noun else f"{self.noun}_id"

    @property
    def end_error(self) -> str:
        return pascal(f"{self.noun} ended error")

    @property
    def timeout_error(self) -> str:
        return pascal(f"{self.noun} wait timeout error")

    @property
    def errors(self) -> list[str]:
        return sorted([self.end_error, self.timeout_error, *self.failed.values()])

    @property
    def others(self) -> list[Field]:
        """The other parameters of the operation, which are the same for every poll."""
        return [*self.operation.positional[:-1], *self.operation.keywords]
