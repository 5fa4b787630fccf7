"""A spec as large as the vendor's own, made up from a seed."""

from __future__ import annotations

import random
from typing import Any

WORDS = [
    *("account", "audience", "batch", "cost", "dataset", "export", "filter", "group", "import"),
    *("job", "key", "limit", "metric", "name", "order", "plan", "query", "rule", "source"),
    *("status", "team", "upload", "version", "window"),
]


def ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def large_spec(operations: int = 150, schemas: int = 500, seed: int = 1) -> dict[str, Any]:
    """Make up a spec: objects, enums, `allOf`, unions and recursion, over several tags."""
    dice = random.Random(seed)

    def words() -> str:
        return " ".join(dice.sample(WORDS, 2))

    def name(number: int) -> str:
        return f"{words().title().replace(' ', '')}{number}"

    names = [name(number) for number in range(schemas)]
    objects = names[: schemas * 8 // 10]
    enums = names[len(objects) : len(objects) + schemas // 10]
    unions = names[len(objects) + len(enums) :]
    scalars: list[dict[str, Any]] = [
        {"type": "string"},
        {"type": "integer", "format": "int64"},
        {"type": "number"},
        {"type": "boolean"},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "uuid"},
        {"type": ["string", "null"]},
        {"type": "object"},
    ]

    def schema() -> dict[str, Any]:
        kind = dice.randrange(8)
        if kind < 4:
            return dice.choice(scalars)
        if kind == 4:
            return {"type": "array", "items": schema()}
        if kind == 5:
            return {"type": "object", "additionalProperties": schema()}
        return ref("schemas", dice.choice(names))

    def properties(count: int) -> dict[str, Any]:
        return {f"{words()}_{n}".replace(" ", "_"): schema() for n in range(count)}

    found: dict[str, Any] = {}
    for number, one in enumerate(objects):
        fields = properties(dice.randrange(2, 15))
        required = [key for key in fields if dice.random() < 0.3]
        found[one] = {"type": "object", "properties": fields, "required": required}
        found[one]["description"] = f"What is known of the {words()}."
        if number % 7 == 6:
            found[one] = {"allOf": [ref("schemas", objects[number - 1]), found[one]]}
    for one in enums:
        found[one] = {"type": "string", "enum": dice.sample(WORDS, 5)}
    for number, one in enumerate(unions):
        members = dice.sample(objects, 3)
        found[one] = {"oneOf": [ref("schemas", member) for member in members]}
        if number % 2:
            found[one]["discriminator"] = {
                "propertyName": "type",
                "mapping": {f"t{n}": f"#/components/schemas/{m}" for n, m in enumerate(members)},
            }
    paths: dict[str, Any] = {}
    for number in range(operations):
        noun = words().replace(" ", "-")
        method = dice.choice(["get", "post", "put", "delete", "patch"])
        answer = {"type": "array", "items": ref("schemas", dice.choice(names))}
        operation: dict[str, Any] = {
            "operationId": f"{method}{noun.title().replace('-', '')}{number}",
            "tags": [dice.choice(WORDS)],
            "summary": f"{method} the {noun}",
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                {"name": "page", "in": "query", "schema": {"type": "integer", "default": 1}},
                {"name": "kind", "in": "query", "schema": ref("schemas", dice.choice(enums))},
            ],
            "responses": {
                "200": {
                    "description": "Fine.",
                    "content": {"application/json": {"schema": answer}},
                },
                "404": {"description": "None."},
            },
        }
        if method in {"post", "put", "patch"}:
            content = {"application/json": {"schema": ref("schemas", dice.choice(objects))}}
            operation["requestBody"] = {"required": True, "content": content}
        paths[f"/{noun}/{number}/{{id}}"] = {method: operation}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Large", "version": "1"},
        "servers": [{"url": "https://large.example"}],
        "paths": paths,
        "components": {"schemas": found},
    }
