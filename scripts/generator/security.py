"""How a client says who is calling: the one security scheme that carries its token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

from attrs import frozen

from .document import Document, UnsupportedError, at, resolved

BEARER = {"header": "Authorization", "value": '"Bearer {}".format', "token": "The API key."}
"""A header, what makes its value from the token, and what the token is."""

BASIC = {
    "header": "Authorization",
    "value": "basic",
    "token": "The user and the password, as `user:password`.",
}

SENT = {"http bearer": BEARER, "oauth2": BEARER, "openidconnect": BEARER, "http basic": BASIC}
"""What is sent for each sort of scheme but for keys."""


@frozen
class Security:
    """What a client sends, and which operations that is enough for."""

    document: Document
    scheme: str | None = None
    """The name of the one scheme; none where the document asks for none that is understood."""
    header: Mapping[str, str] = BEARER

    @classmethod
    def of(cls, document: Document, operations: Sequence[Document]) -> Security:
        """Return the first scheme that the document asks for, or the one most operations do.

        Where nothing asks for any, the first that is described counts.
        """
        uses = Counter(name for one in operations for name in _alone(one))
        asked = [*_alone(document), *(name for name, _ in uses.most_common())]
        if not any("security" in one for one in (document, *operations)):
            asked = list(_schemes(document))
        for name in asked:
            with suppress(UnsupportedError), at(name):
                return cls(document, name, _header(document, name))
        return cls(document)

    def check(self, operation: Document) -> None:
        """Refuse an operation that asks for something else."""
        needs = _needs(operation if "security" in operation else self.document)
        if needs and not any(set(one) <= {self.scheme} for one in needs):
            names = dict.fromkeys(name for one in needs for name in one)
            for name in names:
                _header(self.document, name)
            sent = f"a client sends that of {self.scheme or 'one'} alone"
            raise UnsupportedError(f"it asks for {' and '.join(names)}: {sent}")


def _schemes(document: Document) -> Document:
    return (document.get("components") or {}).get("securitySchemes") or {}


def _header(document: Document, name: str) -> Mapping[str, str]:
    """Return the header that is sent for a scheme; refuse one that is not understood."""
    scheme = resolved(document, _schemes(document).get(name))
    if not scheme:
        raise UnsupportedError(f"it asks for {name}: there is no such scheme")
    kind = f"{scheme.get('type')} {scheme.get('scheme', scheme.get('in', ''))}".lower().strip()
    if kind not in {*SENT, "apikey header"}:
        raise UnsupportedError(f"it asks for {name}: {kind} is not supported")
    if kind in SENT:
        return SENT[kind]
    header = str(scheme["name"])
    token = f"The API key, just as the header `{header}` says it."
    return {"header": header, "value": "str", "token": token}


def _alone(asking: Document) -> list[str]:
    """Return the schemes that are enough by themselves."""
    with suppress(UnsupportedError):  # It is refused in its turn.
        return [one[0] for one in _needs(asking) if len(one) == 1]
    return []


def _needs(asking: Document) -> list[list[str]]:
    """Return what will do, each as the schemes that it takes together."""
    given = asking.get("security") or []
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        raise UnsupportedError("its security is no list of schemes")
    return [list(one) for one in given]
