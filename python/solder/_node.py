# SPDX-License-Identifier: Apache-2.0
"""Life of C objects: each destroyed once, after all that stand on it, by close() or by the end."""
from __future__ import annotations

import threading
import weakref
from typing import Any, Callable, List, Optional, Set

from .errors import Error, Status


class Node:
    """
    One C object, apart from the Python object that users hold. ``with node as pointer`` holds it for
    one call: it waits for other threads, and refuses when closed or already held by this thread
    (a callback from inside a call).

    Locks are taken from parent to child only.
    """

    def __init__(
        self,
        what: str,
        pointer: int,
        destroy: Callable[[int], None],
        parent: Optional["Node"] = None,
        keep: Optional[List[Any]] = None,
    ) -> None:
        self.what = what
        self.pointer: Optional[int] = pointer
        self.keep = keep if keep is not None else []  # what C borrows
        self._destroy = destroy
        self._parent = parent
        self._children: Set[Node] = set()
        self._lock = threading.RLock()
        self._held = False
        if parent is not None:
            parent._children.add(self)

    def __enter__(self) -> int:
        self._lock.acquire()
        if self._held or self.pointer is None:
            why = "in use by a call that has not returned" if self._held else "closed"
            self._lock.release()
            raise _state_error(f"the {self.what} is {why}")
        self._held = True
        return self.pointer

    def __exit__(self, *exception: object) -> None:
        self._held = False
        self._lock.release()

    @property
    def closed(self) -> bool:
        return self.pointer is None

    def close(self) -> None:
        """Destroys what stands on this, then this. A second time does nothing."""
        with self._lock:
            if self._held:
                raise _state_error(f"the {self.what} is in use by a call that has not returned")
            for child in list(self._children):
                child.close()
            pointer, self.pointer = self.pointer, None
            if pointer is not None:
                self._destroy(pointer)
            self.keep.clear()
        if self._parent is not None:
            self._parent._children.discard(self)

    def owned_by(self, owner: object) -> "Node":
        """Closes when owner is no more, at the latest at the interpreter's exit."""
        weakref.finalize(owner, self.close)
        return self


def _state_error(message: str) -> Error:
    error = Error(message)
    error.status = Status.STATE
    return error
