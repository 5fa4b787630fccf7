"""A document over all its files, in which what a reference leads to stands in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
from generator.document import UnsupportedError, looked_up, parse
from ruamel.yaml.error import YAMLError

UNREADABLE = (UnsupportedError, OSError, ValueError, RecursionError, YAMLError, httpx.HTTPError)
"""What is raised where a document cannot be read."""

NO_PART = {"$ref", "summary", "description"}
"""What may stand beside a reference and says nothing of a value."""


class Linked:
    """The document in a file or at a URL, of which parts are linked when they are needed."""

    def __init__(self, source: str | Path) -> None:
        url = str(source) if "://" in str(source) else Path(source).resolve().as_uri()
        self._url, self.document = _fetched(url)
        self._files = {self._url: self.document}
        self._done = set[int]()
        self.lost: list[str] = []
        """What is wrong with the references that were followed."""

    def link(self, part: Any) -> None:
        """Put in the place of each reference what it leads to. A part may then hold itself."""
        todo = [(part, self._url)]
        while todo:
            holder, url = todo.pop()
            for key in holder if isinstance(holder, dict) else range(len(holder)):
                inner, its_url = self._followed(holder[key], url)
                holder[key] = inner
                if isinstance(inner, dict | list) and id(inner) not in self._done:
                    self._done.add(id(inner))
                    todo.append((inner, its_url))

    def _followed(self, node: Any, url: str) -> tuple[Any, str]:
        """Return what stands in the place of a part of a file, and the file that it is in."""
        seen = set[str]()
        while isinstance(node, dict) and isinstance(reference := node.get("$ref"), str):
            beside = {key: value for key, value in node.items() if key not in NO_PART}
            if beside:
                node.clear()
                node["allOf"] = [{"$ref": reference}, beside]
                break
            target = urljoin(url, reference)
            url, _, pointer = target.partition("#")
            try:
                if target in seen:
                    raise UnsupportedError("it leads to itself")
                seen.add(target)
                if url not in self._files:
                    self._files[url] = _fetched(url)[1]
                node = looked_up(self._files[url], f"#{pointer}") if pointer else self._files[url]
            except UNREADABLE as error:
                self.lost.append(f"{reference}: {str(error)[:200]}")
                return {}, url
        if isinstance(node, dict) and node.get("nullable") is True:  # As OpenAPI 3.1 has it.
            rest = {key: value for key, value in node.items() if key != "nullable"}
            node.clear()
            node["anyOf"] = [rest, {"type": "null"}]
        return node, url


def _fetched(url: str) -> tuple[str, Any]:
    """Return where a document is in the end, and what it says."""
    if url.startswith("file:"):
        return url, parse(Path(httpx.URL(url).path).read_text(encoding="utf-8-sig"))
    answer = httpx.get(url, follow_redirects=True, timeout=30).raise_for_status()
    return str(answer.url), parse(answer.text)
