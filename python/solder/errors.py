# SPDX-License-Identifier: Apache-2.0
"""Errors: every failure of the library becomes an exception with the library's message."""
from __future__ import annotations

import enum
from typing import Dict, Type


class Status(enum.IntEnum):
    """Why a call failed; the numbers are those of ``solder_status`` in types.h."""

    OK = 0
    ARGUMENT = -1  #: the caller passed something impossible
    STATE = -2  #: the call is not allowed now
    MEMORY = -3  #: an allocation failed or a memory limit was reached
    DATA = -4  #: a model, plan or other input is malformed
    IO = -5  #: the operating system refused a file operation
    VERSION = -6  #: made by a version this library cannot read
    UNSUPPORTED = -7  #: well-formed, but not implemented
    NOT_FOUND = -8  #: a name does not exist
    DEVICE = -9  #: the device or its driver failed
    CANCELLED = -10  #: a progress callback asked to stop
    INTERNAL = -11  #: a bug in the library


class Error(Exception):
    """A call failed: ``str(error)`` is the library's message, ``error.status`` the reason."""

    status: Status = Status.INTERNAL


class ArgumentError(Error, ValueError):
    """An argument makes no sense: a wrong shape, element type or name."""

    status = Status.ARGUMENT


class FileError(Error, OSError):
    """A file could not be read or written."""

    status = Status.IO


class OutOfMemoryError(Error, MemoryError):
    """An allocation failed, or a memory limit was reached."""

    status = Status.MEMORY


_CLASSES: Dict[Status, Type[Error]] = {
    Status.ARGUMENT: ArgumentError,
    Status.NOT_FOUND: ArgumentError,
    Status.IO: FileError,
    Status.MEMORY: OutOfMemoryError,
}


def make_error(status: int, message: str) -> Error:
    """The exception for a status; without a message its name stands in."""
    try:
        known = Status(status)
    except ValueError:
        known = Status.INTERNAL
    if not message:
        message = f"error: {known.name.lower().replace('_', ' ')}"
    error = _CLASSES.get(known, Error)(message)
    error.status = known
    return error
