"""Addresses, and lines of sight to fire"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import Json

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "address",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("kk", sa.String(length=255), nullable=False),
        sa.Column("ru", sa.String(length=255), nullable=False),
        sa.Column("en", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["city_import.id"], name="fk_address_import_id_city_import"),
        sa.PrimaryKeyConstraint("id", name="pk_address"),
    )
    op.create_index("ix_address_import_id_cell", "address", ["import_id", "cell"])
    op.create_table(
        "alert_bearing",
        sa.Column("alert_id", sa.String(length=36), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("sigma_m", sa.Double(), nullable=False),
        sa.Column("bearing_deg", sa.Double(), nullable=False),
        sa.Column("sigma_deg", sa.Double(), nullable=False),
        sa.Column("near_m", sa.Double(), nullable=False),
        sa.Column("range_m", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name="fk_alert_bearing_alert_id_alert"),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alert_bearing"),
    )
    op.create_table(
        "alert_own_place",
        sa.Column("alert_id", sa.String(length=36), nullable=False),
        sa.Column("place", Json, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name="fk_alert_own_place_alert_id_alert"),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alert_own_place"),
    )


def downgrade() -> None:
    op.drop_table("alert_own_place")
    op.drop_table("alert_bearing")
    op.drop_index("ix_address_import_id_cell", "address")
    op.drop_table("address")
