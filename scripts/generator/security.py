"""How a client says who is calling: the one security scheme that carries its token."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

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
        uses = Counter(name for one in operations for name in plain._usable(one))
        asked = [*plain._usable(document), *(name for name, _ in uses.most_common())]
        if not any("security" in one for one in (document, *operations)):
            asked = [name for name in plain._schemes if not plain._problem(name)]
        return cls(document, asked[0] if asked else None)

    @property
    def header(self) -> dict[str, str]:
        """The header that carries the token, and an expression for what it says."""
        scheme = self._scheme(self.scheme or "")
        name, value, said = "Authorization", 'f"Bearer {token}"', "The API key."
        if _kind(scheme) == "http basic":
            value, said = "basic(token)", "The user and the password, as `user:password`."
        elif _kind(scheme) == "apikey header":
            name, value = str(scheme["name"]), "token"
            if name.lower() == "authorization":
                said = f"What `{name}` is to say, such as `Bearer` and the API key."
        return {"header": name, "value": value, "token": said}

    def check(self, operation: Document) -> None:
        """Refuse an operation that asks for something else."""
        needs = _needs(operation if "security" in operation else self.document)
        if needs and not any(set(one) <= {self.scheme} for one in needs):
            raise UnsupportedError("; ".join(dict.fromkeys(map(self._reason, needs))))

    def _usable(self, asking: Document) -> Iterator[str]:
        """Yield the schemes that are enough by themselves, and that are understood."""
        with suppress(UnsupportedError):
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
        given = self._schemes.get(name)
        with suppress(UnsupportedError):
            return resolved(self.document, given) if isinstance(given, Mapping) else {}
        return {}

    def _problem(self, name: str) -> str:
        """Return why a scheme is not understood; `""` if it is."""
        scheme = self._scheme(name)
        kind, header = _kind(scheme), str(scheme.get("name"))
        reason = ""
        if kind == "apikey header" and not re.fullmatch(HEADER_NAME, header):
            reason = f"{header!r} cannot be the name of a header"
        elif kind not in SENT_AS_BEARER | {"http basic", "apikey header"}:
            reason = f"{kind} is not supported" if scheme else "there is no such scheme"
        return reason and f"the security scheme {name}: {reason}"


def _kind(scheme: Document) -> str:
    return f"{scheme.get('type')} {scheme.get('scheme', scheme.get('in', ''))}".lower().strip()


def _needs(asking: Document) -> list[list[str]]:
    """Return what will do, each as the schemes that it takes together."""
    given = asking.get("security") or []
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        raise UnsupportedError("its security is no list of schemes")
    return [list(one) for one in given]
