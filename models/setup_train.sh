#!/bin/sh
# Build .venv-train, the environment of training, evaluation with torch and export. Serving does not need it.
#
# A plain `pip install ultralytics` would replace the CPU build of torch by a CUDA build of several GB, so its
# packages are installed without their own requirements, all pinned in requirements-train.txt.
# Where the package index has only torch's CUDA build, point PIP_EXTRA_INDEX_URL to PyTorch's index of CPU builds.
# models/torch_shim.py makes torchvision's CUDA-built wheel work beside CPU torch.
set -eu
cd "$(dirname "$0")/.."
python="${PYTHON:-python3}"
if [ ! -x .venv-train/bin/python ]; then
    "$python" -m venv .venv-train
fi
stamp=.venv-train/.requirements
if [ ! -f "$stamp" ] || ! cmp -s requirements-train.txt "$stamp"; then
    .venv-train/bin/pip install --quiet --no-deps -r requirements-train.txt
    cp requirements-train.txt "$stamp"
fi
.venv-train/bin/python -c "import models.torch_shim, ultralytics"
