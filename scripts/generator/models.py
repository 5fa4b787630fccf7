"""The classes of the package: models, enums and unions, and how their modules hang together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import define, field

from .document import UnsupportedError, reached
from .model import Item, Union
from .shapes import Shape, members


@define
class Models:
    """Every class of the package, by its name."""

    items: dict[str, Item] = field(factory=dict)

    def of(self, shape: Shape) -> Item | None:
        """Return the class or union that a type is, if it is one."""
        return self.items.get(shape.name)

    def exports(self) -> list[tuple[str, list[str]]]:
        """Return the modules, with the names that each makes public."""
        return sorted((item.module, item.exports) for item in self.items.values())

    def needs(self, name: str) -> frozenset[str]:
        """Return the names of the classes that the module of one names."""
        return frozenset[str]().union(*(one.classes() for one in self.items[name].shapes))

    def choices(self, name: str) -> list[str]:
        """Return the names of those that a union is a choice among; none for anything else."""
        item = self.items.get(name)
        return [one.name for one in members(item.type)] if isinstance(item, Union) else []

    def keep(self, roots: Iterable[str]) -> None:
        """Leave out what nothing leads to."""
        kept = reached(roots, self.needs)
        self.items = {name: item for name, item in self.items.items() if name in kept}

    def leave_out(self, broken: Mapping[str, UnsupportedError]) -> dict[str, UnsupportedError]:
        """Leave out what is broken, and what needs it; return why each is left out."""
        users: dict[str, list[str]] = {}
        for name in self.items:
            for need in self.needs(name):
                users.setdefault(need, []).append(name)
        causes, todo = dict(broken), list(broken)
        for name in todo:
            for user in users.get(name, []):
                if user not in causes:
                    causes[user] = causes[name].within(self.items[user].place)
                    todo.append(user)
        for name in causes:
            self.items.pop(name, None)
        return causes

    def link(self) -> None:
        """Have each module import the classes that it names, unless they need it in turn."""
        needs = {name: self.needs(name) for name in self.items}
        unions = {name for name, item in self.items.items() if isinstance(item, Union)}
        of_unions = {name: needs[name] & unions for name in unions}
        after = {name: reached(needs[name], needs.__getitem__) for name in self.items}
        after_unions = {name: reached(of_unions[name], of_unions.__getitem__) for name in unions}
        circular = {name for name in unions if name in after_unions[name]}
        for name, item in self.items.items():
            # A union is known to the classes that need it late, and can name them at once.
            way = after_unions if name in unions else after
            others = needs[name] - {name}
            late = {one for one in others if name in way.get(one, ())}
            item.settle(late)
            modules = [self.items[one] for one in others - late]
            item.imports = sorted(
                f"from .{one.module} import {', '.join(one.exports)}" for one in modules
            )
            if isinstance(item, Union):
                item.is_late = bool(circular & {name, *after_unions[name]})
