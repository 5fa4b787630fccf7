"""The logger of the package."""

from __future__ import annotations

import logging

logger = logging.getLogger(str(__package__).removesuffix("._runtime"))
logger.addHandler(logging.NullHandler())
