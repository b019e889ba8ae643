# SPDX-License-Identifier: Apache-2.0
"""
Solder: from a trained network to a plan, and running it.

    import solder
    net = solder.load("net.plan")
    y = net(x)

``solder.build`` makes plans; see the docstrings of ``load``, ``Engine``, ``build`` and ``Network``.
Errors are ``solder.Error`` with the library's message; its notices go to
``logging.getLogger("solder")``.
"""
from . import uff
from ._c import version as _version
from .config import Input, Preprocess
from .context import Context
from .engine import IO, Device, Engine, ImageRule, MemoryUse, Runtime, Step, device, load
from .errors import ArgumentError, Error, FileError, OutOfMemoryError, Status
from .network import Network, Value, build, import_model, tune
from .plugin import Attribute, Call, Dim, InferCall, Operand, Plugin
from .tensor import Tensor

__version__ = _version()

__all__ = [
    "ArgumentError",
    "Attribute",
    "Call",
    "Context",
    "Device",
    "Dim",
    "Engine",
    "Error",
    "FileError",
    "IO",
    "ImageRule",
    "InferCall",
    "Input",
    "MemoryUse",
    "Network",
    "Operand",
    "OutOfMemoryError",
    "Plugin",
    "Preprocess",
    "Runtime",
    "Status",
    "Step",
    "Tensor",
    "Value",
    "build",
    "device",
    "import_model",
    "load",
    "tune",
    "uff",
]
