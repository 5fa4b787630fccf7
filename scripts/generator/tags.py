"""Which value of a discriminator means which class.

Where its values do not tell all members of a union, they are told apart by what they have.
"""

from __future__ import annotations

from collections import Counter

from attrs import evolve, frozen

from .document import Document, UnsupportedError, escaped, target_of
from .flat import SCHEMAS
from .model import Enum, Model, Union
from .reader import Reader
from .shapes import ANY, ANY_OTHER, STRING, Class, Constant, OneOf, members, one_of
from .text import Text


@frozen
class Tags:
    """Finds the tags of unions."""

    reader: Reader

    def run(self) -> None:
        """Find the tags of every union that has a discriminator."""
        for item in list(self.reader.models.items.values()):
            if isinstance(item, Union) and item.hints is not None:
                with self.reader.noting(item.place, item):
                    self._tag(item, item.hints)

    def _tag(self, union: Union, hints: Document) -> None:
        key = hints["propertyName"]
        is_strict = "x-default-mapping" in hints
        default = self._target(union, hints["x-default-mapping"]) if is_strict else None
        if "x-base" in hints:  # The reader has put what is no heir at the end.
            default = union.members[-1][1].name
        classes, mapping = self._classes(union, key)
        classes = {name: found for name, found in classes.items() if name != default}
        values = {name: self._values(name, key) for name in classes}
        uses = Counter(value for own in values.values() for value in own or [])
        told = dict(mapping)
        for name, own in values.items():
            mapped = [value for value, to in mapping.items() if to == name]
            if is_strict and mapping and not mapped:
                raise UnsupportedError(f"the mapping of its discriminator has no {name}")
            if own and mapped and len(own) == 1 and own[0] not in mapped:
                raise UnsupportedError(
                    f"{mapped[0]!r} is mapped to {name}, which is told by {own[0]}"
                )
            told |= {one: name for one in own or [] if uses[one] == 1 and one not in mapping}
            implied = target_of(classes[name] or "")
            if implied and name not in told.values() and implied in (own or [implied]):
                told[implied] = name
            if own is None or name not in told.values():
                return
        union.type = one_of(
            Class(name=name) for name in [*classes, *([default] if default else [])]
        )
        union.tag, union.default = Text(key), default
        union.mapping = [(Text(value), name) for value, name in told.items()]
        if is_strict:  # A class may be mapped by more than its own field allows.
            self._open(union, key, {one for one, to in told.items() if one in (values[to] or told)})

    def _classes(self, union: Union, key: str) -> tuple[dict[str, str | None], dict[str, str]]:
        """Return the classes of a union and of those within, and which values are mapped to them.

        Each class has the reference that it was read from, if there is one.
        """
        classes: dict[str, str | None] = {}
        unions, todo = {union.name: union}, [*union.members]
        for reference, shape in todo:
            item = self.reader.models.of(shape)
            if isinstance(shape, OneOf):
                todo += [(None, one) for one in shape.parts]
            elif not isinstance(item, Union):
                classes.setdefault(shape.name, reference)
            elif item.name not in unions:
                unions[item.name] = item
                todo += item.members
        mapping: dict[str, str] = {}
        for one in unions.values():
            hints = one.hints or {}
            given = hints.get("mapping") if hints.get("propertyName") == key else {}
            mapping |= {str(value): self._target(one, to) for value, to in (given or {}).items()}
        mapping = {value: to for value, to in mapping.items() if to != union.name}
        return {**classes, **dict.fromkeys(mapping.values())}, mapping

    def _target(self, union: Union, to: str) -> str:
        """Return the class or union that a mapping leads to; `""` for what is neither."""
        reference = SCHEMAS + escaped(target_of(to) if to.startswith(SCHEMAS) else to)
        shape = dict(union.members).get(reference) or self.reader.component(reference).bare
        return shape.name

    def _values(self, name: str, key: str) -> list[str] | None:
        """Return the texts that a class lists for its tag; `None` if no text can tell it."""
        model = self.reader.models.items.get(name)
        if not isinstance(model, Model):
            return None
        shape = next((one.type.bare for one in model.fields if one.key == key), STRING)
        if shape in {STRING, ANY, ANY_OTHER}:
            return []
        found: list[str] = []
        for one in members(shape):
            enum = self.reader.models.of(one)
            if isinstance(enum, Enum) and enum.is_text:
                found += [str(value) for _, value, _ in enum.members]
            elif isinstance(one, Constant) and isinstance(one.value, str):
                found.append(one.value)
            else:
                return None
        return found

    def _open(self, union: Union, key: str, told: set[str]) -> None:
        """Have the class for all others say that its tag is none of theirs."""
        model = self.reader.models.items[union.default or ""]
        if not isinstance(model, Model):
            return
        for index, one in enumerate(model.fields):
            if one.key != key:
                continue
            listed = set(one.node.get("not", {}).get("enum", told))
            if listed != told:
                names = [", ".join(sorted(map(str, some))) for some in (listed, told)]
                raise UnsupportedError(
                    f"the `not` of {model.place}.{key} lists {names[0]}; "
                    f"the others are told by {names[1]}"
                )
            model.open_in = model.open_in or union.name
            model.fields[index] = evolve(one, type=ANY_OTHER)
