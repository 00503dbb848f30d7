"""What a service's own system reports: which alert it means, and the step."""

from __future__ import annotations

from sqlalchemy import select

from qyran.errors import InputError, NotFound
from service.alerting.services import ServiceReport, report
from service.records import load
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.response_tables import AlertService


def report_of_machine(work: Work, service: str, given: ServiceReport, alert_id: str | None) -> tuple[str, AlertService]:
    """Take a report of a service's system.

    Args:
        work: the unit of work, in the machine's name.
        service: whose system it is.
        given: the report.
        alert_id: of the alert; None where the system names the incident's number only.

    Raises:
        InputError: it names neither alert nor number.
        NotFound: no alert of this service has that number.
        AccessError: the alert was not put before this service.
    """
    if alert_id is None:
        alert_id = _numbered(work, service, given.number)
    row = load(work, Alert, alert_id)
    if row.merged_into is not None:  # the service was told of it before it was joined to another
        row = load(work, Alert, row.merged_into)
    return row.id, report(work, row, service, given)


def _numbered(work: Work, service: str, number: str | None) -> str:
    if number is None:
        raise InputError("Name the alert, or the number of the incident at the service.")
    query = select(AlertService.alert_id).where(AlertService.service == service, AlertService.number == number)
    found = work.session.scalar(query.order_by(AlertService.id.desc()).limit(1))
    if found is None:
        raise NotFound(f"No alert of the service {service} has the number {number}.")
    return found
