"""No stopping: a vehicle stands in a zone where stopping is forbidden for longer than the grace.

Code of Administrative Offences of Kazakhstan, article 597; sign 3.27 and marking 1.4. Who waits at a signal, stands in
a queue or a jam, lets passengers off within the grace, and a bus at its stop are innocent.
"""

from __future__ import annotations

from typing import Final

from violations.dwell import DwellRule

GRACE_S: Final = 30.0
"""Long enough to let somebody off or give way, far shorter than any errand; a zone may say otherwise."""

RULE: Final = DwellRule("no_stopping", ("no_stopping",), GRACE_S, "missing_no_stopping")
