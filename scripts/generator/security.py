"""How a client says who is calling: the one security scheme that carries its token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

from attrs import define, field

from .document import Document, UnsupportedError, at, resolved

BEARER = {"header": "Authorization", "value": 'f"Bearer {token}"', "token": "The API key."}
"""A header, an expression for what it says, and what the token is."""

BASIC = {
    "header": "Authorization",
    "value": "basic(token)",
    "token": "The user and the password, as `user:password`.",
}

SENT = {"http bearer": BEARER, "oauth2": BEARER, "openidconnect": BEARER, "http basic": BASIC}
"""What is sent for each sort of scheme but for keys."""


@define
class Security:
    """What a client sends, and which operations that is enough for."""

    document: Document
    headers: dict[str, dict[str, str]] = field(factory=dict)
    """The header of each scheme that is understood."""
    problems: dict[str, str] = field(factory=dict)
    """Why another is not."""
    scheme: str | None = None
    """The name of the one that is sent; none where the document asks for none of them."""

    @classmethod
    def of(cls, document: Document, operations: Sequence[Document]) -> Security:
        """Return the first scheme that the document asks for, or the one most operations do.

        Where nothing asks for any, the first that is described counts.
        """
        self, components = cls(document), document.get("components") or {}
        for name, given in (components.get("securitySchemes") or {}).items():
            try:
                with at(name):
                    self.headers[name] = _header(resolved(document, given))
            except UnsupportedError as error:
                self.problems[name] = error.reason
        uses = Counter(name for one in operations for name in self._asked(one))
        asked = [*self._asked(document), *(name for name, _ in uses.most_common())]
        if not any("security" in one for one in (document, *operations)):
            asked = list(self.headers)
        self.scheme = asked[0] if asked else None
        return self

    @property
    def header(self) -> dict[str, str]:
        """The header that carries the token."""
        return self.headers[self.scheme] if self.scheme else BEARER

    def check(self, operation: Document) -> None:
        """Refuse an operation that asks for something else."""
        needs = _needs(operation if "security" in operation else self.document)
        if needs and not any(set(one) <= {self.scheme} for one in needs):
            names = dict.fromkeys(name for one in needs for name in one)
            unknown = [name for name in names if name not in self.headers]
            reasons = [self.problems.get(name, "there is no such scheme") for name in unknown]
            reasons.append(f"a client sends that of {self.scheme or 'one'} alone")
            raise UnsupportedError(f"it asks for {' and '.join(names)}: {reasons[0]}")

    def _asked(self, asking: Document) -> list[str]:
        """Return the schemes that are enough by themselves, and that are understood."""
        with suppress(UnsupportedError):  # It is refused in its turn.
            return [one[0] for one in _needs(asking) if len(one) == 1 and one[0] in self.headers]
        return []


def _header(scheme: Document) -> dict[str, str]:
    """Return the header that is sent for a scheme."""
    kind = f"{scheme.get('type')} {scheme.get('scheme', scheme.get('in', ''))}".lower().strip()
    if kind not in {*SENT, "apikey header"}:
        raise UnsupportedError(f"{kind} is not supported")
    return SENT.get(kind) or {**BEARER, "header": str(scheme["name"]), "value": "token"}


def _needs(asking: Document) -> list[list[str]]:
    """Return what will do, each as the schemes that it takes together."""
    given = asking.get("security") or []
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        raise UnsupportedError("its security is no list of schemes")
    return [list(one) for one in given]
