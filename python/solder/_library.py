# SPDX-License-Identifier: Apache-2.0
"""
Where libsolder is: the first of

1. the file named by the environment variable ``SOLDER_LIBRARY``;
2. beside this package, where a wheel puts it;
3. ``build/`` of the source tree this package lies in (editable install, or PYTHONPATH);
4. the system's: ``libsolder.so.0`` as the dynamic linker finds it.
"""
from __future__ import annotations

import ctypes
import os
import pathlib
from typing import Optional

NAME = "libsolder.so"
SONAME = "libsolder.so.0"


def find() -> str:
    """Path of the library, or its name for the dynamic linker to find."""
    named = os.environ.get("SOLDER_LIBRARY")
    if named:
        return named
    package = pathlib.Path(__file__).resolve().parent
    source = package.parent.parent
    places = [package / NAME]
    if (source / "include" / "solder" / "types.h").exists():
        places.append(source / "build" / NAME)
    for place in places:
        if place.exists():
            return str(place)
    return SONAME


def load() -> ctypes.CDLL:
    """Opens the library; calls through it release the GIL."""
    path = find()
    try:
        return ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(
            f"solder: the library cannot be loaded: {error}; build it with 'make', install a "
            "wheel, or name it in SOLDER_LIBRARY"
        ) from None


def load_helper(name: str) -> Optional[ctypes.PyDLL]:
    """Opens a small library that lies beside libsolder and is called with the GIL held."""
    folder = os.path.dirname(find())
    try:
        return ctypes.PyDLL(os.path.join(folder, name))
    except OSError:
        return None
