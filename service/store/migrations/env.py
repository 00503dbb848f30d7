"""Alembic's entry: the connection is given by `service.store.database.upgrade`."""

from __future__ import annotations

from alembic import context

from service.store import (  # noqa: F401  fill the metadata
    alert_tables,
    console_tables,
    delivery_tables,
    evidence_tables,
    exchange_tables,
    face_tables,
    fine_tables,
    import_tables,
    lease_tables,
    notice_tables,
    object_tables,
    officer_tables,
    operator_tables,
    passage_tables,
    people_tables,
    place_tables,
    public_tables,
    publication_tables,
    rating_tables,
    record_tables,
    response_tables,
    rollup_tables,
    scene_tables,
    secret_tables,
    sensor_tables,
    tables,
    video_tables,
)
from service.store.base import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
