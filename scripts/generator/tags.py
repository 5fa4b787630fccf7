"""Which value of a discriminator means which class.

Where its values do not tell all members of a union, they are told apart by what they have.
"""

from __future__ import annotations

from attrs import evolve, field, frozen

from .document import Document, UnsupportedError, at, escaped, target_of
from .model import Enum, Model, Union
from .reader import SCHEMAS, Reader
from .shapes import ANY, ANY_OTHER, STRING, Class, Constant, OneOf, members, one_of
from .text import Text


@frozen
class Tags:
    """Finds the tags of unions; those of unions within others first."""

    reader: Reader
    _seen: set[str] = field(factory=set)

    def run(self) -> None:
        """Find the tags of every union that has a discriminator."""
        for item in self.reader.models.items.values():
            if isinstance(item, Union):
                self._tag(item)

    def _tag(self, union: Union) -> None:
        if union.hints is None or union.name in self._seen:
            return
        self._seen.add(union.name)
        try:
            with at(union.place):
                self._find(union, union.hints, union.hints["propertyName"])
        except UnsupportedError as error:
            self.reader.broken.setdefault(union.name, error)
            self.reader.problems.append(error)

    def _find(self, union: Union, hints: Document, key: str) -> None:
        given = hints.get("mapping") or {}
        mapping = {str(value): self._target(union, to) for value, to in given.items()}
        is_strict = "x-default-mapping" in hints
        default = hints.get("x-default-mapping") or hints.get("x-base")
        default = self._target(union, default) if default else None
        members, classes = self._members(union, key)
        mapping = {value: to for value, to in mapping.items() if value not in classes}
        members |= dict.fromkeys([*mapping.values(), *([default] if default else [])])
        values = {name: self._values(name, key) for name in members}
        if default and not is_strict:
            values[default] = []  # It lists those of its heirs, too.
        for name, reference in members.items():
            if name == default:
                continue
            told = self._told(name, reference, mapping, values)
            if is_strict and mapping and name not in mapping.values():
                raise UnsupportedError(f"the mapping of its discriminator has no {name}")
            if not told:
                return
            classes |= {value: name for value in told if value not in classes}
        shapes = [Class.of(one) for one in dict.fromkeys([*members, *classes.values()])]
        union.type = one_of(shapes)
        union.tag, union.default = Text(key), default
        union.mapping = [(Text(value), name) for value, name in classes.items()]
        if default and is_strict:
            told = [one for one, to in classes.items() if one in (values.get(to) or [one])]
            self._open(union, default, key, set(told))

    def _members(self, union: Union, key: str) -> tuple[dict[str, str | None], dict[str, str]]:
        """Return the classes of a union, with their references, and what unions within know."""
        members: dict[str, str | None] = {}
        inner: dict[str, str] = {}
        todo, done = [*union.members], {union.name}
        for reference, shape in todo:
            name = getattr(shape, "name", "")
            item = self.reader.models.items.get(name)
            if isinstance(shape, OneOf):
                todo += [(None, one) for one in shape.parts]
            elif not isinstance(item, Union):
                members.setdefault(name, reference)
            elif name not in done:
                done.add(name)
                self._tag(item)
                if item.tag and item.tag == key:
                    inner |= dict(item.mapping)
                else:
                    todo += item.members
        return members, inner

    def _target(self, union: Union, to: str) -> str:
        """Return the class or union that a mapping leads to; `""` for what is neither."""
        reference = SCHEMAS + escaped(target_of(to) if to.startswith(SCHEMAS) else to)
        shape = dict(union.members).get(reference) or self.reader.component(reference).bare
        return getattr(shape, "name", "")

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
            enum = self.reader.models.items.get(getattr(one, "name", ""))
            if isinstance(enum, Enum) and enum.is_text:
                found += [str(value) for _, value, _ in enum.members]
            elif isinstance(one, Constant) and isinstance(one.value, str):
                found.append(one.value)
            else:
                return None
        return found

    def _told(
        self,
        name: str,
        reference: str | None,
        mapping: dict[str, str],
        values: dict[str, list[str] | None],
    ) -> list[str]:
        """Return the values that tell a class."""
        own = values[name]
        if own is None:
            return []
        mine = [value for value, to in mapping.items() if to == name]
        if mine and len(own) == 1 and own[0] not in mine:
            raise UnsupportedError(f"{mine[0]!r} is mapped to {name}, which is told by {own[0]}")
        others = {one for to, some in values.items() if to != name for one in some or []}
        mine += [one for one in own if one not in others and one not in mapping]
        implied = target_of(reference) if reference else None
        is_implied = implied and not mine and (not own or implied in own)
        return [implied] if implied and is_implied else mine

    def _open(self, union: Union, default: str, key: str, told: set[str]) -> None:
        """Have the class for all others say that its tag is none of theirs."""
        model = self.reader.models.items[default]
        if not isinstance(model, Model):
            return
        for index, one in enumerate(model.fields):
            if one.key != key:
                continue
            listed = one.node.get("not", {}).get("enum")
            if listed is not None and set(listed) != told:
                names = [", ".join(sorted(map(str, some))) for some in (listed, told)]
                raise UnsupportedError(
                    f"the `not` of {model.place}.{key} lists {names[0]}; "
                    f"the others are told by {names[1]}"
                )
            model.open_tag = model.open_tag or (Text(key), union.name)
            model.fields[index] = evolve(one, type=ANY_OTHER)
