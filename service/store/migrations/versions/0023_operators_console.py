"""The operators' console"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import Json, UTCDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sound_event",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sound_event"),
    )
    op.create_index("ix_sound_event_at", "sound_event", ["at"])
    op.create_index("ix_sound_event_actor", "sound_event", ["actor"])
    op.create_table(
        "wall_layout",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner", sa.String(36), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("cells", Json, nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wall_layout"),
        sa.UniqueConstraint("owner", "name", name="uq_wall_layout_owner_name"),
    )
    op.create_index("ix_wall_layout_owner", "wall_layout", ["owner"])
    op.create_table(
        "shift_handover",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("written_at", UTCDateTime(), nullable=False),
        sa.Column("written_by", sa.String(36), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=True),
        sa.Column("facts", Json, nullable=False),
        sa.Column("confirmed_at", UTCDateTime(), nullable=True),
        sa.Column("confirmed_by", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_shift_handover"),
    )
    op.create_index("ix_shift_handover_written_at", "shift_handover", ["written_at"])


def downgrade() -> None:
    for table in ("shift_handover", "wall_layout", "sound_event"):
        op.drop_table(table)
