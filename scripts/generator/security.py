"""How a client says who is calling: the one security scheme that carries its token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from .document import Document, UnsupportedError, resolved

SENT_AS_BEARER = frozenset({"http bearer", "oauth2", "openidconnect"})

HEADER_NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
"""RFC 9110, 5.6.2: what the name of a header may be."""


@frozen
class Security:
    """What a client sends, and which operations that is enough for."""

    document: Document
    scheme: str | None
    """The name of the scheme; none where the document asks for none that is understood."""

    @classmethod
    def of(cls, document: Document, operations: Sequence[Document]) -> Security:
        """Return the first scheme that the document asks for, or the one most operations do.

        Where nothing asks for any, the first that is described counts.
        """
        plain = cls(document, None)
        asked = list(plain._usable(document))
        if not asked:
            asked = [name for one in operations for name in plain._usable(one)]
            asked = sorted(asked, key=asked.count, reverse=True)
        is_silent = not any("security" in one for one in (document, *operations))
        known = [one for one in plain._schemes if not plain._problem(one)] if is_silent else []
        return cls(document, next(iter([*asked, *known]), None))

    @property
    def header(self) -> dict[str, str]:
        """The header that carries the token, and an expression for what it says."""
        scheme = self._scheme(self.scheme) if self.scheme else {}
        kind = _kind(scheme)
        if kind == "http basic":
            said = "The user and the password, as `user:password`."
            return {"header": "Authorization", "value": "basic(token)", "token": said}
        if kind == "apikey header":
            return {"header": scheme["name"], "value": "token", "token": "The API key."}
        value = 'f"Bearer {token}"'
        return {"header": "Authorization", "value": value, "token": "The API key."}

    def check(self, operation: Document) -> None:
        """Refuse an operation that asks for something else."""
        needs = _needs(operation if "security" in operation else self.document)
        if needs and not any(set(one) <= {self.scheme} for one in needs):
            raise UnsupportedError("; ".join(dict.fromkeys(map(self._reason, needs))))

    def _usable(self, asking: Document) -> Iterator[str]:
        """Yield the schemes that are enough by themselves, and that are understood."""
        for names in _needs(asking):
            if len(names) == 1 and not self._problem(names[0]):
                yield names[0]

    def _reason(self, names: list[str]) -> str:
        if problems := [problem for one in names if (problem := self._problem(one))]:
            return problems[0]
        asked = f"the security {'schemes' if len(names) > 1 else 'scheme'} {' and '.join(names)}"
        sent = f"a client sends that of {self.scheme} alone" if self.scheme else "one alone is sent"
        return f"{asked}: {sent}"

    @property
    def _schemes(self) -> Document:
        return (self.document.get("components") or {}).get("securitySchemes") or {}

    def _scheme(self, name: str) -> Document:
        try:
            return resolved(self.document, self._schemes.get(name) or {})
        except UnsupportedError:
            return {}

    def _problem(self, name: str) -> str:
        """Return why a scheme is not understood; `""` if it is."""
        scheme = self._scheme(name)
        kind = _kind(scheme)
        if kind == "apikey header" and not re.fullmatch(HEADER_NAME, str(scheme.get("name"))):
            reason = f"{scheme.get('name')!r} cannot be the name of a header"
        elif kind in SENT_AS_BEARER | {"http basic", "apikey header"}:
            return ""
        else:
            reason = f"{kind} is not supported" if scheme else "there is no such scheme"
        return f"the security scheme {name}: {reason}"


def _kind(scheme: Document) -> str:
    return f"{scheme.get('type')} {scheme.get('scheme', scheme.get('in', ''))}".lower().strip()


def _needs(asking: Document) -> list[list[str]]:
    """Return what will do, each as the schemes that it takes together."""
    return [list(one) for one in asking.get("security") or []]
