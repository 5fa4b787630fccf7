"""What templates see of the API as a whole, and of its errors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from openapi_python_client import strings

from .document import Document, UnsupportedError
from .model import Field, Model
from .models import Models
from .names import TAKEN_BY_ERRORS, snake
from .operation import Operation, Wait
from .shapes import STRING
from .text import Text

STATUS_ERRORS = {
    "BadRequestError": (400, "The request is malformed."),
    "AuthenticationError": (401, "The token is missing, wrong or expired."),
    "PermissionDeniedError": (403, "The token does not allow this."),
    "NotFoundError": (404, "What was asked for does not exist, or no longer does."),
    "ConflictError": (409, "The request conflicts with the state of the resource."),
    "UnprocessableEntityError": (422, "The request is sound, but cannot be met."),
    "RateLimitError": (429, "Too many requests in too short a time; try again later."),
    "InternalServerError": (5, "The API failed, or a gateway in front of it; try again later."),
}
"""The error of a status, or of all that begin with a digit, as people know it from other SDKs."""

OUR_ERRORS = STATUS_ERRORS.keys() | {
    *("APIConnectionError", "APIError", "APIStatusError", "APITimeoutError", "ResponseDecodeError"),
}
"""The errors that every package has."""


def error_fields(
    operations: Sequence[Operation], models: Models, waits: Sequence[Wait]
) -> list[Field]:
    """Return the texts in the usual body of an error; every error gets them as attributes.

    Where an error has another attribute of the name, its `body` alone has the text.
    """
    taken = TAKEN_BY_ERRORS.union(*({wait.noun, wait.id_name} for wait in waits))
    answers = [one for operation in operations for one in operation.answers]
    shapes = Counter(one.type for one in answers if one.status[0] in "45d")
    for shape, _ in shapes.most_common():
        if isinstance(model := models.of(shape), Model):
            texts = [one for one in model.fields if one.type.bare == STRING]
            return [one for one in texts if one.name not in taken]
    return []


def about(document: Document) -> dict[str, Any]:
    """Return what the package says of the API as a whole, and the names that it has for it."""
    info, hints = document["info"], document.get("x-sdk") or {}
    title = str(info["title"])
    name = strings.pascal_case(hints.get("name", title))
    name = re.sub(r"^[^A-Za-z]+|[^A-Za-z0-9]", "", name)
    name = f"{name}Client" if f"{name}Error" in OUR_ERRORS else name or "Client"
    servers = [
        {"name": Text(one.get("x-name", f"server-{index}")), "url": Text(_filled_in(one))}
        for index, one in enumerate(document.get("servers") or [{"url": "/"}], 1)
    ]
    if len({one["name"] for one in servers}) < len(servers):
        raise UnsupportedError("servers: two of them have one x-name")
    variables: dict[str, str] = {}
    for what in ("api_key", "environment", "log"):
        given = hints.get(f"{what}-variable".replace("_", "-"))
        variables[f"{what}_variable"] = Text(given or f"{snake(name)}_{what}".upper())
    return {
        "name": name,
        **variables,
        "servers": servers,
        "title": Text(title),
        "version": Text(str(info["version"])),
        "description": Text(str(info.get("description") or "")),
        "summary": Text(str(info.get("summary") or "")),
    }


def example(operations: Sequence[Operation], waits: Sequence[Wait]) -> str:
    """Return a first call, as code; `""` where there is no operation."""
    calls = [(f"wait_for_{one.noun}", one.operation, f".{one.fields['state']}") for one in waits]
    for name, one, state in [*calls, *((one.name, one, "") for one in operations)][:1]:
        keywords = [f"{p.name}={p.name}" for p in one.keywords if p.required]
        arguments = ", ".join([*(p.name for p in one.positional), *keywords])
        return f"print(client.{name}({arguments}){state})"
    return ""


def _filled_in(server: Document) -> str:
    """Return the URL of a server, with the defaults of its variables."""
    url: str = server["url"]
    for name, variable in (server.get("variables") or {}).items():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    return url
