"""What `x-paging` says of an operation that lists something, page by page.

- `page` is the parameter with the number of the page, or `offset` that with the number of items
  before it; `size`, where there is one, is that with the number of items of a page.
- `items` is the field of the answer with the items. `current` and `total`, where there are any, are
  those with the number of the page and of all pages. Without them the first empty page is the end.
"""

from __future__ import annotations

from collections.abc import Collection

from .document import Document, Node, UnsupportedError
from .model import Field, Model
from .models import Models
from .operation import Operation, Paging, arguments
from .shapes import INTEGER, Array

KNOWN = frozenset({"page", "offset", "size", "items", "current", "total"})


def paging_of(
    operation: Operation, hints: Document, models: Models, taken: Collection[str]
) -> Paging:
    """Return how to go through the pages of an operation; the names of methods are `taken`."""
    if unknown := set(hints) - KNOWN:
        raise UnsupportedError(f"x-paging: there is no {', '.join(sorted(unknown))}")
    if "items" not in hints or ("page" in hints) == ("offset" in hints):
        raise UnsupportedError("x-paging: it needs items, and either page or offset")
    query = {one.key: one for one in operation.query}
    if missing := {hints[key] for key in ("page", "offset", "size") if key in hints} - set(query):
        raise UnsupportedError(f"x-paging: no parameter is called {', '.join(sorted(missing))}")
    position = query[hints.get("page") or hints["offset"]]
    if position.type.bare != INTEGER:
        raise UnsupportedError(f"x-paging: the parameter {position.key!r} is no integer")
    name = f"iter_{operation.name.removeprefix('list_').removeprefix('get_')}"
    if name in taken:
        raise UnsupportedError(f"x-paging: something else is called {name}, too")
    pages = [one.media.shape for one in operation.successes]
    answer = models.items.get(getattr(pages[0], "name", ""))
    if len(pages) != 1 or not isinstance(answer, Model):
        raise UnsupportedError("x-paging: the answer is not one object with fields")
    items = _field(hints["items"], answer)
    shape = items.type.bare
    if not isinstance(shape, Array):
        raise UnsupportedError(f"x-paging: {hints['items']!r} is no array")
    counts = {key: _field(hints[key], answer) for key in ("current", "total") if key in hints}
    if odd := [one.key for one in counts.values() if one.type.bare != INTEGER]:
        raise UnsupportedError(f"x-paging: {odd[0]!r} is no integer")
    counts_items = "offset" in hints
    said = arguments(
        items=items.name,
        first=0 if counts_items else _first(position.node),
        counts_items=counts_items,
        **{key: one.name for key, one in counts.items()},
    )
    return Paging(name, position.name, shape.inner, said)


def _first(node: Node) -> int:
    """Return the number of the first page, which is 0 where that is allowed."""
    said = [int(node[key]) for key in ("default", "minimum") if key in node]
    return said[0] if said else 1


def _field(key: str, model: Model) -> Field:
    for one in model.fields:
        if one.key == key:
            return one
    raise UnsupportedError(f"x-paging: the answer has no field {key!r}")
