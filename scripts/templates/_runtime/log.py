"""The logger of the package."""

from __future__ import annotations

import logging
import os

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}

logger = logging.getLogger(str(__package__).removesuffix("._runtime"))
logger.addHandler(logging.NullHandler())


def set_up_log(variable: str) -> None:
    """Write the log to stderr from the level on that an environment variable names, if it does.

    Where the program itself has said where its log goes, it goes there alone.
    """
    name = os.environ.get(variable, "")
    if not name:
        return
    if name.lower() not in LEVELS:
        raise ValueError(f"The environment variable {variable} must be debug or info, not {name!r}")
    logger.setLevel(LEVELS[name.lower()])
    if not logger.handlers[1:]:
        to_stderr = logging.StreamHandler()
        to_stderr.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        to_stderr.addFilter(lambda _: not logging.root.handlers)  # It may say so later, too.
        logger.addHandler(to_stderr)
