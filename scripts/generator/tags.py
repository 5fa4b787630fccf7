"""Which value of a discriminator means which class.

Where the values are not said in full, a union is told apart by what its members have.
"""

from __future__ import annotations

from attrs import evolve, field, frozen

from .document import Document, UnsupportedError, at, escaped, target_of
from .model import Enum, Model, Union
from .reader import SCHEMAS, Reader
from .shapes import ANY, ANY_OTHER, STRING, Class, Constant, OneOf, Shape, one_of
from .text import Text, raw


@frozen
class Tags:
    """Finds the tags of unions; those of unions within others first."""

    reader: Reader
    _seen: set[str] = field(factory=set)

    def run(self) -> None:
        """Find the tags of every union that has a discriminator."""
        for union in self.reader.models.unions:
            self._tag(union)

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
        mapping = {
            str(v): self._target(union, to) for v, to in (hints.get("mapping") or {}).items()
        }
        strict = "x-default-mapping" in hints
        default = hints.get("x-default-mapping") or hints.get("x-base")
        default = self._target(union, default) if default else None
        members, inner = self._members(union, key)
        for value, to in mapping.items():
            if isinstance(self.reader.models.items[to], Union) and value not in inner:
                raise UnsupportedError(f"{value!r} is mapped to {to}, which does not know it")
        mapping = {value: to for value, to in mapping.items() if value not in inner}
        members |= dict.fromkeys([*mapping.values(), *([default] if default else [])])
        found = {name: self._values(name, key) for name in members}
        known = {
            name: None if values is None else list(map(str, values))
            for name, values in found.items()
        }
        if "x-base" in hints:
            known[str(default)] = None  # It has those of its heirs, too.
        classes = mapping | inner
        for name, reference in members.items():
            if name != default:
                told = self._told(name, reference, mapping, known, strict=strict)
                if not told:
                    raise UnsupportedError(f"no value of {key!r} tells {name}")
                classes |= {value: name for value in told if value not in classes}
        if any(not isinstance(one, str) for values in found.values() for one in values or []):
            return  # A tag is a text; numbers are compared as values of enums are.
        self._set(union, key, classes, [*members, *classes.values()], default)
        if default and strict:
            self._open(union, default, key)
            odd = {v for v, to in mapping.items() if v not in (known[to] or [v])}
            self._check_default(default, key, set(classes) - odd)

    def _members(self, union: Union, key: str) -> tuple[dict[str, str | None], dict[str, str]]:
        """Return the classes of a union, with their references, and what unions within know."""
        members: dict[str, str | None] = {}
        inner: dict[str, str] = {}
        todo, done = [*union.members], {union.name}
        for reference, shape in todo:
            name = getattr(shape, "name", "")
            item = self.reader.models.items.get(name)
            if isinstance(item, Model):
                members.setdefault(name, reference)
            elif isinstance(shape, OneOf):
                todo += [(None, one.bare) for one in shape.parts]
            elif not isinstance(item, Union):
                raise UnsupportedError(f"a member has no field {key!r}, which tells them apart")
            elif name not in done:
                done.add(name)
                self._tag(item)
                if item.tag and item.tag.raw == key:
                    inner |= {raw(value): to for value, to in item.mapping}
                else:
                    todo += item.members
        return members, inner

    def _target(self, union: Union, to: str) -> str:
        """Return the class or union that a mapping leads to."""
        reference = SCHEMAS + escaped(target_of(to) if to.startswith(SCHEMAS) else to)
        shape = dict(union.members).get(reference) or self.reader.component(reference).bare
        name = getattr(shape, "name", "")
        if not isinstance(self.reader.models.items.get(name), Model | Union):
            raise UnsupportedError(
                f"its discriminator leads to {target_of(to)}, which is no object"
            )
        return name

    def _values(self, name: str, key: str) -> list[str | float] | None:
        """Return the values that a class says its tag has, if it says so."""
        model = self.reader.models.items.get(name)
        fields = model.fields if isinstance(model, Model) else []
        shape = next((one.type.shape.bare for one in fields if raw(one.key) == key), STRING)
        if shape in {STRING, ANY, ANY_OTHER}:
            return None
        found: list[str | float] = []
        for one in shape.parts if isinstance(shape, OneOf) else [shape]:
            enum = self.reader.models.items.get(getattr(one, "name", ""))
            if isinstance(enum, Enum):
                found += [v if isinstance(v, int) else raw(v) for _, v in enum.members]
            elif isinstance(one, Constant):
                found.append(one.value)
            else:
                raise UnsupportedError(f"{key!r} of {name} is no text that tells it")
        return found

    def _told(
        self,
        name: str,
        reference: str | None,
        mapping: dict[str, str],
        known: dict[str, list[str] | None],
        *,
        strict: bool,
    ) -> list[str]:
        """Return the values that tell a class."""
        values = known[name]
        mine = [value for value, to in mapping.items() if to == name]
        if mine and values is not None and not set(mine) & set(values):
            said = ", ".join(values)
            raise UnsupportedError(f"{mine[0]!r} is mapped to {name}, which is told by {said}")
        if strict and mapping and not mine:
            raise UnsupportedError(f"the mapping of its discriminator has no {name}")
        others = {one for to, some in known.items() if to != name for one in some or []}
        new = [one for one in values or [] if one not in others and one not in mapping]
        implied = target_of(reference) if reference else None
        if implied and not mine and not new and (values is None or implied in values):
            new = [implied]
        return [*mine, *new]

    def _set(
        self, union: Union, key: str, classes: dict[str, str], names: list[str], default: str | None
    ) -> None:
        shapes: list[Shape] = [Class.of(one) for one in dict.fromkeys(names)]
        union.type = evolve(union.type, shape=one_of(shapes))
        union.tag, union.default = Text(key), default
        union.mapping = [(Text(value), name) for value, name in classes.items()]

    def _open(self, union: Union, default: str, key: str) -> None:
        """Have the class for all others say that its tag is none of theirs."""
        model = self.reader.models.items[default]
        if not isinstance(model, Model) or model.open_tag:
            return
        for index, one in enumerate(model.fields):
            if raw(one.key) == key:
                model.open_tag = Text(key), union.name
                model.fields[index] = evolve(one, type=evolve(one.type, shape=ANY_OTHER))

    def _check_default(self, name: str, key: str, told: set[str]) -> None:
        """Refuse a class for all others that excludes other values than theirs."""
        model = self.reader.models.items[name]
        for one in model.fields if isinstance(model, Model) else []:
            listed = one.node.get("not", {}).get("enum")
            if raw(one.key) == key and listed is not None and set(listed) != told:
                names = [", ".join(sorted(map(str, some))) for some in (listed, told)]
                raise UnsupportedError(
                    f"the `not` of {model.place}.{key} lists {names[0]}; "
                    f"the others are told by {names[1]}"
                )
