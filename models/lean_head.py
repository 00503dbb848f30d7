"""The decoding of box distances without the slow softmax: ``.venv-train/bin/python -m models.lean_head FILE.onnx...``.

Ultralytics' head tells each side's distance as a share of sixteen bins: transpose, softmax over an axis that is not
the last, and a convolution with 0..15. ONNX Runtime takes a seventh of the whole network's time for that softmax. The
mean of the bins weighted by their exponentials is the same number: exponentials, one product with the rows 0..15 and
1..1, and a quotient. Nothing is subtracted before the exponential: logits in 8 bits stay far below its range.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import onnx
from onnx import helper, numpy_helper

from qyran.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX: Final = "/model.22/dfl/"
"""Names of the nodes in an export of Ultralytics v8."""
ROWS: Final = f"{PREFIX}rows"


def lean(model: onnx.ModelProto) -> bool:
    """Change a network in place; whether there was anything to change."""
    nodes = {node.name: node for node in model.graph.node}
    wanted = [f"{PREFIX}{name}" for name in ("Reshape", "Transpose", "Softmax", "conv/Conv", "Reshape_1")]
    if any(name not in nodes for name in wanted):
        return False
    reshape, transpose, softmax, conv, back = (nodes[name] for name in wanted)
    weights = next(one for one in model.graph.initializer if one.name == conv.input[1])
    bins = numpy_helper.to_array(weights).ravel()
    rows = np.stack((bins, np.ones_like(bins)))
    model.graph.initializer.remove(weights)
    model.graph.initializer.append(numpy_helper.from_array(rows, ROWS))
    names = {part: f"{PREFIX}{part}_lean" for part in ("exp", "sums", "weighted", "total", "mean")}
    ones = numpy_helper.from_array(np.ones(2, np.int64), f"{PREFIX}split")
    model.graph.initializer.append(ones)
    new = [
        helper.make_node("Exp", [reshape.output[0]], [names["exp"]], f"{PREFIX}Exp"),
        helper.make_node("MatMul", [ROWS, names["exp"]], [names["sums"]], f"{PREFIX}MatMul"),
        helper.make_node(
            "Split", [names["sums"], ones.name], [names["weighted"], names["total"]], f"{PREFIX}Split", axis=2
        ),
        helper.make_node("Div", [names["weighted"], names["total"]], [names["mean"]], f"{PREFIX}Div"),
    ]
    at = list(model.graph.node).index(transpose)
    for node in (transpose, softmax, conv):
        model.graph.node.remove(node)
    for offset, node in enumerate(new):
        model.graph.node.insert(at + offset, node)
    back.input[0] = names["mean"]
    gone = {*transpose.output, *softmax.output, *conv.output}
    kept = [info for info in model.graph.value_info if info.name not in gone]
    del model.graph.value_info[:]
    model.graph.value_info.extend(kept)
    onnx.checker.check_model(model)
    return True


def lean_file(path: Path) -> None:
    """Change a file in place.

    Raises:
        ConfigError: its head is another one, or changed already.
    """
    model = onnx.load(str(path))
    if not lean(model):
        raise ConfigError(f"The network {path} has no head of Ultralytics v8 with its usual names.")
    onnx.save(model, str(path))


def main(files: Sequence[str]) -> int:
    """Command line; see the module's docstring."""
    for name in files:
        lean_file(Path(name))
        sys.stdout.write(f"{Path(name).name}: lean\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
