#!/bin/sh
# Fetch the fonts that training draws plates with besides the project's own alphabet (models/plates/strokes.py).
# All are published under the SIL Open Font License 1.1.
# Serving, tests and the rendered test plates do not need them.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p .cache/models/plates/fonts
cp models/plates/fonts/package.json models/plates/fonts/package-lock.json .cache/models/plates/fonts/
cd .cache/models/plates/fonts
npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
