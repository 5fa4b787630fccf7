"""Build the reference site. `scripts/docs` runs it with the package that the repo has."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import narrative_jobs
import pdoc
import pdoc.doc
import pdoc.render

ROOT = Path(__file__).resolve().parent.parent


def reference() -> pdoc.doc.Module:
    """Return what there is to know of the package; its front page is the README and the guide."""
    for name in narrative_jobs.__all__:  # They load when they are asked for.
        getattr(narrative_jobs, name)
    module = pdoc.doc.Module(narrative_jobs)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    module.docstring = re.sub(r"\[!\[CI\].*\n\n", "", readme) + engines()
    for class_ in module.classes:
        # What a class has from a base of the package is told with it: the base has no page.
        class_.own_members = [
            member
            for member in class_.members.values()
            if member.taken_from[0].partition(".")[0] == narrative_jobs.__name__
        ]
    return module


def engines() -> str:
    """Return the guide to the engines, with the recipes that it names."""
    folder = ROOT / "tests" / "engines"
    guide = (folder / "README.md").read_text(encoding="utf-8")
    for name, path in re.findall(r"\[(\S+)\]\((\S+_recipe\.py)\)", guide):
        code = (folder / path).read_text(encoding="utf-8")
        guide = guide.replace(f"[{name}]({path})", f"`{name}`")
        guide += f"\n## {name}\n\n```python\n{code}```\n"
    return f"\n{guide}"


def build(folder: Path) -> None:
    """Write the site into a folder."""
    module = reference()
    pdoc.render.configure(docformat="google", show_source=False)
    modules = {module.modulename: module}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(pdoc.render.html_module(module, modules), encoding="utf-8")
    (folder / "search.js").write_text(pdoc.render.search_index(modules), encoding="utf-8")
    print(f"made {folder}/index.html")


if __name__ == "__main__":
    build(Path(sys.argv[1]))
