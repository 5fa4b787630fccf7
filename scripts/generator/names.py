"""Names in Python for what a document names: each is free, and hides nothing of the package."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Callable, Collection

from attrs import define, field
from openapi_python_client import strings

PREFIX = "field_"
"""What stands before a name that would not be one in Python."""

LONGEST = 80
"""The most letters of a class, whose end tells most: file systems have room for 255 bytes."""

# What a module of the package imports is taken there; tests/generator/test_names.py compares these
# lists with the templates.
DECODERS = frozenset(
    {"array_of", "as_any", "as_bool", "as_bytes", "as_date", "as_datetime", "as_float", "as_int"}
    | {"as_none", "as_nothing", "as_object", "as_str", "as_text", "as_uuid", "const", "map_of"}
    | {"optional"}
)
"""What the codec has for types. A template imports them all; ruff leaves out what is not needed."""

TAKEN_BY_CLASSES = frozenset(
    {*dir(builtins), "Any", "ClassVar", "Decoder", "ERROR_CLASSES", "IntEnum", "Literal", "Mapping"}
    | {"ModelBase", "ProgressBase", "StrEnum", "TYPE_CHECKING", "TypeAlias", "UUID"}
)
"""Names that a class of a schema cannot have."""

TAKEN_BY_FIELDS = frozenset(
    {"additional_properties", "additional_property", "attrs", "codec", "datetime", "decode_error"}
    | {"bool", "classmethod", "dict", "float", "from_dict", "frozenset", "int", "list", "models"}
    | {"str", "to_dict"}
)
"""Names that a field cannot have: the class of a model has them, or uses them in its body."""

TAKEN_BY_ERRORS = frozenset(
    {"args", "body", "headers", "is_transient", "request_id", "retries_taken", "status_code"}
    | {"add_note", "with_traceback"}
)
"""Names that a text in the body of an error cannot have as an attribute."""

TAKEN_BY_NOUNS = TAKEN_BY_ERRORS | {
    *(*dir(builtins), *dir(OSError), "expected", "got", "message", "missing", "models", "of"),
    *("path", "payload", "place", "self", "too_deep", "unexpected", "within"),
}
"""Names that something in progress cannot have: every error has it as an attribute."""

TAKEN_BY_METHODS = DECODERS | {
    *("aclose", "base_url", "close", "max_retries", "request", "self", "timeout", "total_timeout"),
    *("with_options", "with_raw_response", "annotations", "basic", "checked_transport", "datetime"),
    *("form_body", "header_arguments", "httpx", "id_argument", "json_body", "logger", "models"),
    *("listed", "multipart_body", "one_of", "path_argument", "query_arguments", "raw_body"),
    *("to_json", "uuid_argument"),
}
"""Names that an operation cannot have: the client has them, or a module imports them."""

TAKEN_BY_ARGUMENTS = TAKEN_BY_METHODS | {
    *("check", "headers", "max_concurrency", "max_outage", "max_wait", "on_update", "options"),
    *("poll_interval", "response"),
}
"""Names that a parameter cannot have: a wait for the same thing has them, too."""


def free(
    name: str, taken: Collection[str], separator: str = "_", key: Callable[[str], str] = str
) -> str:
    """Return a name whose `key` is not taken: the name itself, or with a number behind it."""
    number, found = 2, name
    while key(found) in taken:
        found, number = f"{name}{separator}{number}", number + 1
    return found


def python_name(text: str) -> str:
    """Return any text as a name in Python."""
    return str(strings.PythonIdentifier(_words(text, "_").strip("_"), PREFIX))


def _words(text: str, separator: str) -> str:
    """Return the words of a text, their letters as Python reads them: `µs` is `μs` to it."""
    return re.sub(r"\W+", separator, unicodedata.normalize("NFKC", text))


def field_name(text: str) -> str:
    """Return the name of a field; a built-in keeps its name where that does no harm."""
    name = python_name(text)
    plain = name.removesuffix("_")
    if plain in TAKEN_BY_FIELDS:
        return f"{plain}_"
    return plain if hasattr(builtins, plain) and not keyword.iskeyword(plain) else name


def pascal(text: str) -> str:
    """Return a text as the name of a class."""
    found = strings.pascal_case(_words(text, " "))
    return found if found.isidentifier() else strings.pascal_case(f"{PREFIX}{found}")


def snake(text: str) -> str:
    """Return a text in lower case with underscores."""
    return strings.snake_case(text)


def module_name(class_name: str) -> str:
    """Return the name of the module of a class."""
    return str(strings.PythonIdentifier(class_name, PREFIX))


def member_name(value: str | int) -> str:
    """Return the name of a member of an enum."""
    if isinstance(value, int):
        return f"VALUE_{value}" if value >= 0 else f"VALUE_NEGATIVE_{-value}"
    name = strings.snake_case(_words(value, "_")).upper()
    return name if name.isidentifier() else f"VALUE_{name}".rstrip("_")


@define
class ClassNames:
    """The names of the classes, each with a module of its own."""

    modules: set[str] = field(factory=set)

    def take(self, text: str) -> str:
        """Return a free name for a class, which is taken from now on."""
        name = pascal(text)
        if len(name) > LONGEST:
            name = pascal(re.sub("^[^A-Z]+(?=[A-Z])", "", name[-LONGEST:]))
        if name in TAKEN_BY_CLASSES:
            name += "Model"
        found = free(name, self.modules, "", snake)
        self.modules.add(snake(found))
        return found
