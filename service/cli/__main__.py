"""`python -m service.cli`: the command where it is not installed as a script."""

from __future__ import annotations

import sys

from service.cli.main import main

sys.exit(main())
