"""The logger of the package."""

from __future__ import annotations

import logging
import os
from typing import TextIO

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}

logger = logging.getLogger(str(__package__).removesuffix("._runtime"))
logger.addHandler(logging.NullHandler())


def set_up_log(variable: str) -> None:
    """Write the log to stderr from the level on that an environment variable names, if it does."""
    name = os.environ.get(variable, "")
    if not name:
        return
    if name.lower() not in LEVELS:
        raise ValueError(f"The environment variable {variable} must be debug or info, not {name!r}")
    logger.setLevel(LEVELS[name.lower()])
    if not any(isinstance(handler, _Plain) for handler in logger.handlers):
        logger.addHandler(_Plain())


class _Plain(logging.StreamHandler[TextIO]):
    """Writes lines to stderr, where the program itself has said nowhere where its log goes."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def filter(self, record: logging.LogRecord) -> bool:
        return not logging.root.handlers
