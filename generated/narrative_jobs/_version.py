# Made by scripts/regenerate from the spec and scripts/templates/_version.py.jinja. Edit those.
__version__ = "1.0.0"
