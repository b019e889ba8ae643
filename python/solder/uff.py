# SPDX-License-Identifier: Apache-2.0
"""
UFF from TensorFlow, under the names TensorRT's converter had::

    solder.uff.from_tensorflow_frozen_model("keras_vgg19_frozen_graph.pb", ["dense_2/Softmax"],
                                            output_filename="vgg19.uff")
    solder.build("vgg19.uff", output="vgg19.plan")
"""
from __future__ import annotations

import ctypes
import pathlib
import tempfile
from typing import Any, Optional, Sequence

from . import _c, _memory
from ._c import lib
from .config import Path, path_bytes, text_array
from .network import _check, _create_builder


def from_tensorflow_frozen_model(
    frozen_file: Path,
    output_nodes: Sequence[str] = (),
    output_filename: Optional[Path] = None,
    text: bool = False,
) -> bytes:
    """
    Converts a frozen graph.

    Args:
        frozen_file: the graph (.pb).
        output_nodes: the nodes to keep, with all they need; none: everything.
        output_filename: file to write; it appears only when it is whole.
        text: write the text form, too, as output_filename + ".pbtxt".

    Returns:
        The bytes of the UFF file.

    Raises:
        Error: naming every node that has no form in UFF.
    """
    if text and output_filename is None:
        raise ValueError("text=True writes beside output_filename, which is not given")
    if output_filename is not None:
        _convert(frozen_file, output_nodes, output_filename)
        if text:
            _convert(frozen_file, output_nodes, str(output_filename) + ".pbtxt")
        return pathlib.Path(output_filename).read_bytes()
    with tempfile.TemporaryDirectory(prefix="solder-") as folder:
        made = pathlib.Path(folder) / "model.uff"
        _convert(frozen_file, output_nodes, made)
        return made.read_bytes()


def from_tensorflow(
    graphdef: Any,
    output_nodes: Sequence[str] = (),
    output_filename: Optional[Path] = None,
    text: bool = False,
) -> bytes:
    """
    Converts a frozen graph in memory: a GraphDef, or its bytes. Otherwise like
    ``from_tensorflow_frozen_model``.
    """
    if hasattr(graphdef, "SerializeToString"):
        graphdef = graphdef.SerializeToString()
    memory = _memory.borrow(graphdef, "graphdef")
    with tempfile.TemporaryDirectory(prefix="solder-") as folder:
        graph = pathlib.Path(folder) / "graph.pb"
        graph.write_bytes(ctypes.string_at(memory.address, memory.nbytes) if memory.nbytes else b"")
        return from_tensorflow_frozen_model(graph, output_nodes, output_filename, text)


def _convert(model: Path, outputs: Sequence[str], path: Path) -> None:
    options = lib.solder_import_options_default()
    kept = text_array(outputs, "output_nodes")
    options.outputs = kept
    options.output_count = len(kept)
    first, second = path_bytes(model, "frozen_file"), path_bytes(path, "output_filename")
    builder, log = _create_builder(0)
    try:
        with builder as b:
            status = lib.solder_convert(b, first, None, ctypes.byref(options), second)
            _check(b, status, log)
    finally:
        builder.close()


__all__ = ["from_tensorflow", "from_tensorflow_frozen_model"]
