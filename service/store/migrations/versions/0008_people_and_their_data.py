"""People and their data: second factor, denials, requests about data, breaches, holds, terms"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from service.store.base import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
CODE = sa.String(length=64)
WORDS = sa.String(length=255)
KIND = sa.String(length=16)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TABLES = (
    "breach",
    "known_place",
    "privacy_term",
    "retention_run",
    "subject_record",
    "subject_request",
    "access_denial",
    "breach_record",
    "recovery_code",
    "restriction",
    "user_security",
)
"""In the order they were made."""


def upgrade() -> None:
    op.execute("DELETE FROM user_session")  # logins of before have no name to list them by
    op.add_column("user_session", sa.Column("id", ID, nullable=True))
    op.add_column("user_session", sa.Column("stage", sa.String(length=8), server_default="full", nullable=False))
    op.create_index("ix_user_session_id", "user_session", ["id"], unique=False)
    op.add_column("access_log", sa.Column("reason", CODE, nullable=True))
    op.add_column("access_log", sa.Column("territory", CODE, nullable=True))
    op.create_table(
        "breach",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", CODE, nullable=False),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("noticed_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("term_days", sa.Integer(), nullable=False),
        sa.Column("term_source", WORDS, nullable=False),
        sa.Column("term_verified", sa.Boolean(), nullable=False),
        sa.Column("began", UTCDateTime(), nullable=False),
        sa.Column("ended", UTCDateTime(), nullable=False),
        sa.Column("data_kinds", JSON, nullable=False),
        sa.Column("wanted", JSON, nullable=False),
        sa.Column("affected", sa.Integer(), nullable=False),
        sa.Column("registered_at", UTCDateTime(), nullable=False),
        sa.Column("registered_by", ID, nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("sent_by", ID, nullable=True),
        sa.Column("acknowledged_at", UTCDateTime(), nullable=True),
        sa.Column("acknowledgement", CODE, nullable=True),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breach")),
        sa.UniqueConstraint("number", name=op.f("uq_breach_number")),
    )
    op.create_index(op.f("ix_breach_noticed_at"), "breach", ["noticed_at"], unique=False)
    op.create_table(
        "known_place",
        sa.Column("subject", CODE, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_known_place")),
    )
    op.create_index(op.f("ix_known_place_at"), "known_place", ["at"], unique=False)
    op.create_table(
        "privacy_term",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("source", WORDS, nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("entered_at", UTCDateTime(), nullable=False),
        sa.Column("entered_by", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_term")),
        sa.UniqueConstraint(
            "name", "valid_from", "entered_at", name=op.f("uq_privacy_term_name_valid_from_entered_at")
        ),
    )
    op.create_table(
        "retention_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("term_days", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
    )
    op.create_index(op.f("ix_retention_run_at"), "retention_run", ["at"], unique=False)
    op.create_table(
        "subject_record",
        sa.Column("token", CODE, nullable=False),
        sa.Column("record", ID, nullable=False),
        sa.Column("kind", KIND, nullable=False),
        sa.PrimaryKeyConstraint("token", "record", name=op.f("pk_subject_record")),
    )
    op.create_index(op.f("ix_subject_record_record"), "subject_record", ["record"], unique=False)
    op.create_table(
        "subject_request",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", CODE, nullable=False),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("state", KIND, nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("channel", KIND, nullable=False),
        sa.Column("identified_by", CODE, nullable=False),
        sa.Column("ground", CODE, nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("term_days", sa.Integer(), nullable=False),
        sa.Column("term_source", WORDS, nullable=False),
        sa.Column("term_verified", sa.Boolean(), nullable=False),
        sa.Column("person_token", CODE, nullable=True),
        sa.Column("plate_token", CODE, nullable=True),
        sa.Column("records", JSON, nullable=False),
        sa.Column("decision", KIND, nullable=True),
        sa.Column("reason", CODE, nullable=True),
        sa.Column("done", JSON, nullable=False),
        sa.Column("registered_at", UTCDateTime(), nullable=False),
        sa.Column("registered_by", ID, nullable=False),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.Column("letter_at", UTCDateTime(), nullable=True),
        sa.Column("erased_at", UTCDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_request")),
        sa.UniqueConstraint("number", name=op.f("uq_subject_request_number")),
    )
    op.create_index(op.f("ix_subject_request_due_on"), "subject_request", ["due_on"], unique=False)
    op.create_index(op.f("ix_subject_request_state"), "subject_request", ["state"], unique=False)
    op.create_table(
        "access_denial",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("target", CODE, nullable=False),
        sa.Column("ground", WORDS, nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("made_by", ID, nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", ID, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_access_denial_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_denial")),
    )
    op.create_index(op.f("ix_access_denial_user_id"), "access_denial", ["user_id"], unique=False)
    op.create_table(
        "breach_record",
        sa.Column("breach_id", ID, nullable=False),
        sa.Column("record", CODE, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["breach_id"], ["breach.id"], name=op.f("fk_breach_record_breach_id_breach")),
        sa.PrimaryKeyConstraint("breach_id", "record", name=op.f("pk_breach_record")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", CODE, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_recovery_code_user_id_app_user")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"], unique=False)
    op.create_table(
        "restriction",
        sa.Column("id", ID, nullable=False),
        sa.Column("record", ID, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("set_by", ID, nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["subject_request.id"], name=op.f("fk_restriction_request_id_subject_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restriction")),
    )
    op.create_index(op.f("ix_restriction_record"), "restriction", ["record"], unique=False)
    op.create_index(op.f("ix_restriction_request_id"), "restriction", ["request_id"], unique=False)
    op.create_table(
        "user_security",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("enrolled_at", UTCDateTime(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("password_at", UTCDateTime(), nullable=True),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_security_user_id_app_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_security")),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("access_log", "territory")
    op.drop_column("access_log", "reason")
    op.drop_index("ix_user_session_id", table_name="user_session")
    op.drop_column("user_session", "stage")
    op.drop_column("user_session", "id")
