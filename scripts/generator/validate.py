"""What openapi-python-client's own models of OpenAPI say of a document, part by part.

One part that is not as OpenAPI has it is left out by name; it does not lose the rest.
"""

from __future__ import annotations

from collections.abc import Collection

from openapi_python_client import schema as oai
from pydantic import BaseModel, ValidationError

from .document import Document, UnsupportedError

OF_SCHEMAS = frozenset({"type", "enum", "const", "format", "required", "discriminator"})
OF_OPERATIONS = frozenset({"operationId", "summary", "description", "deprecated", "security"})
OF_PARAMETERS = frozenset({"name", "in", "description", "required", "style", "deprecated"})


def check_document(document: Document) -> None:
    """Refuse what is no OpenAPI document."""
    try:
        # The rest is looked at part by part, or not needed.
        given = document.get("info") or {}
        info = {key: str(given[key]) for key in ("title", "version") if key in given}
        said = {"info": info} if "info" in document else {}
        oai.OpenAPI.model_validate({"openapi": document.get("openapi"), "paths": {}, **said})
    except ValidationError as error:
        raise UnsupportedError(f"Failed to parse OpenAPI document\n{error}") from None


def check_schema(schema: Document) -> None:
    """Refuse what no schema says; the schemas within have their turn."""
    _check(oai.Schema, schema, OF_SCHEMAS)


def check_operation(operation: Document) -> None:
    """Refuse what no operation says."""
    _check(oai.Operation, {**operation, "responses": {}}, OF_OPERATIONS | {"responses"})


def check_parameter(parameter: Document) -> None:
    """Refuse what no parameter says."""
    _check(oai.Parameter, parameter, OF_PARAMETERS)


def _check(model: type[BaseModel], node: Document, keys: Collection[str]) -> None:
    try:
        model.model_validate({key: node[key] for key in keys if key in node})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=True)[0]
        place = ".".join(map(str, first["loc"][:1]))
        raise UnsupportedError(f"{place}: {first['msg']}, not {first['input']!r}") from None
