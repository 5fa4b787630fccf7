"""What `x-paging` says of an operation that lists something, page by page.

- `page` is the parameter with the number of the page, or `offset` that with the number of items
  before it; `size`, where there is one, is that with the number of items of a page.
- `items` is the field of the answer with the items. `current` and `total`, where there are any, are
  those with the number of the page and of all pages. Without them the first empty page is the end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .document import Document, UnsupportedError
from .model import Field
from .models import Models
from .operation import Operation, Paging, arguments, check_words, models_of
from .shapes import INTEGER, Array

PARAMETERS = ("page", "offset", "size")
FIELDS = ("items", "current", "total")


def paging_of(
    operation: Operation, hints: Document, models: Models, taken: Collection[str]
) -> Paging:
    """Return how to go through the pages of an operation; the names of methods are `taken`."""
    check_words(hints, {"items"}, {*PARAMETERS, *FIELDS})
    if ("page" in hints) == ("offset" in hints):
        raise UnsupportedError("it needs either page or offset")
    name = f"iter_{operation.name.removeprefix('list_').removeprefix('get_')}"
    if name in taken:
        raise UnsupportedError(f"something else is called {name}, too")
    answers = models_of(operation.answer, models)
    if len(answers) != 1 or operation.answer != operation.answer.bare:
        raise UnsupportedError("the answer is not one object with fields")
    said = _named(hints, PARAMETERS, operation.query) | _named(hints, FIELDS, answers[0].fields)
    numbers = [said[key] for key in ("page", "offset", "current", "total") if key in said]
    if odd := [one.key for one in numbers if one.type.bare != INTEGER]:
        raise UnsupportedError(f"{odd[0]!r} is no integer")
    items = said["items"].type.bare
    if not isinstance(items, Array):
        raise UnsupportedError(f"{hints['items']!r} is no array")
    position = said.get("page") or said["offset"]
    # The first page is 0 where that is allowed.
    first = position.node.get("default", position.node.get("minimum", 1))
    given = arguments(
        items=said["items"].name,
        first=int(first) if "page" in said else 0,
        counts_items="offset" in said,
        **{key: said[key].name for key in ("current", "total") if key in said},
    )
    return Paging(name, position.name, items.inner, given)


def _named(hints: Document, words: Iterable[str], fields: Iterable[Field]) -> dict[str, Field]:
    """Return the fields or parameters that some words of the extension name."""
    by_key: dict[str, Field] = {one.key: one for one in fields}
    if missing := [hints[word] for word in words if word in hints and hints[word] not in by_key]:
        raise UnsupportedError(f"no parameter or field is called {', '.join(missing)}")
    return {word: by_key[hints[word]] for word in words if word in hints}
