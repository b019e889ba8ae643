# SPDX-License-Identifier: Apache-2.0
"""The library's notices go to logging.getLogger("solder")."""
from __future__ import annotations

import logging
from typing import Any, Callable, List

from . import _c

logger = logging.getLogger("solder")
logger.addHandler(logging.NullHandler())  # a program decides what it shows
_LEVELS = (logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)
_NOTICE = 2  # SOLDER_LOG_NOTICE and more urgent ones are kept


class Collector:
    """Hands notices to logging, and keeps the last few for who asks."""

    def __init__(self) -> None:
        self.lines: List[str] = []
        self.callback: Any = _c.LOG(_logging_into(self.lines))

    def take(self) -> List[str]:
        """What came since the last time."""
        lines = list(self.lines)
        self.lines.clear()
        return lines

    def struct(self) -> _c.Logger:
        return _c.Logger(None, self.callback)


def _logging_into(lines: List[str]) -> Callable[[Any, int, bytes], None]:
    def log(user: Any, severity: int, text: bytes) -> None:
        line = _c.text(text)
        if severity <= _NOTICE and len(lines) < 1000:
            lines.append(line)
        try:
            logger.log(_LEVELS[severity] if 0 <= severity < 4 else logging.ERROR, "%s", line)
        except Exception:  # a broken handler must not break the library's call
            pass

    return log
