"""Which value of a discriminator means which class.

Where the values are not said in full, a union is told apart by what its members have.
"""

from __future__ import annotations

from attrs import evolve, field, frozen

from .document import UnsupportedError, at, escaped, target_of
from .model import Enum, Model, Union
from .reader import SCHEMAS, Reader
from .shapes import ANY_OTHER, STRING, Class, Constant, Shape, one_of
from .shapes import Enum as EnumShape
from .text import Text, raw


@frozen
class Tags:
    """Finds the tags of unions; those of unions within others first."""

    reader: Reader
    _seen: set[str] = field(factory=set)

    def run(self) -> None:
        """Find the tags of every union that has a discriminator."""
        for union in self.reader.models.unions:
            try:
                with at(union.place):
                    self._tag(union)
            except UnsupportedError as error:
                self.reader.broken.setdefault(union.name, error)
                self.reader.problems.append(error)

    def _tag(self, union: Union) -> None:
        if union.hints is None or union.name in self._seen:
            return
        self._seen.add(union.name)
        key, hints = union.hints["propertyName"], union.hints
        mapping = {
            str(v): self._target(union, to) for v, to in (hints.get("mapping") or {}).items()
        }
        default = hints.get("x-default-mapping")
        default = self._target(union, default) if default else None
        members: dict[str, str | None] = {}
        inner: dict[str, str] = {}
        for reference, shape in union.members:
            item = self.reader.models.items.get(getattr(shape, "name", ""))
            if isinstance(item, Union):
                self._tag(item)
                if item.tag is None or item.tag.raw != key:
                    return
                inner |= {raw(value): name for value, name in item.mapping}
                mapping = {value: to for value, to in mapping.items() if to != item.name}
            elif isinstance(item, Model):
                members[item.name] = reference
            else:
                return
        members |= dict.fromkeys([*mapping.values(), *([default] if default else [])])
        known = {name: self._values(name, key) for name in members}
        if any(isinstance(v, int) for values in known.values() for v in values or []):
            return  # A tag is a text.
        classes = mapping | inner
        for name, reference in members.items():
            if name != default:
                told = self._told(name, reference, mapping, known, strict=default is not None)
                if not told:
                    return
                classes |= {value: name for value in told if value not in classes}
        self._set(union, key, classes, [*members, *classes.values()], default)
        if default:
            odd = {v for v, to in mapping.items() if v not in (known[to] or [v])}
            self._check_default(default, key, set(classes) - odd)

    def _target(self, union: Union, to: str) -> str:
        """Return the class or union that a mapping leads to."""
        reference = SCHEMAS + escaped(target_of(to) if to.startswith(SCHEMAS) else to)
        shapes = dict(union.members)
        shape = shapes.get(reference) or self.reader.component(reference).bare
        return getattr(shape, "name", "")

    def _values(self, name: str, key: str) -> list[str | int] | None:
        """Return the values that a class says its tag has, if it says so."""
        model = self.reader.models.items.get(name)
        fields = model.fields if isinstance(model, Model) else []
        shape = next((one.type.shape.bare for one in fields if raw(one.key) == key), None)
        if isinstance(shape, Constant):
            return [shape.value if isinstance(shape.value, str) else 0]
        if isinstance(shape, EnumShape):
            enum = self.reader.models.items[shape.name]
            return [*enum.values] if isinstance(enum, Enum) and enum.is_text else [0]
        return None if shape in {None, STRING} else [0]

    def _told(
        self,
        name: str,
        reference: str | None,
        mapping: dict[str, str],
        known: dict[str, list[str | int] | None],
        *,
        strict: bool,
    ) -> list[str]:
        """Return the values that tell a class."""
        values = known[name]
        mine = [value for value, to in mapping.items() if to == name]
        if mine and values is not None and not set(mine) & set(values):
            said = ", ".join(map(str, values))
            raise UnsupportedError(f"{mine[0]!r} is mapped to {name}, which is told by {said}")
        if strict and mapping and not mine:
            raise UnsupportedError(f"the mapping of its discriminator has no {name}")
        others = {one for to, some in known.items() if to != name for one in some or []}
        new = [str(one) for one in values or [] if one not in others and one not in mapping]
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
        model = self.reader.models.items.get(default or "")
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
