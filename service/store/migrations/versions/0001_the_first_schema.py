"""The first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from service.store.base import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
APPEND_ONLY = ("case_event", "alert_event", "access_log", "ledger_root", "ledger_head")


def upgrade() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("record", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    op.create_index(op.f("ix_access_log_at"), "access_log", ["at"], unique=False)
    op.create_index(op.f("ix_access_log_record"), "access_log", ["record"], unique=False)

    op.create_table(
        "alert",
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=True),
        sa.Column("case_id", sa.String(length=36), nullable=True),
        sa.Column("initiator", sa.String(length=16), nullable=False),
        sa.Column("is_drill", sa.Boolean(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=True),
        sa.Column("verdict_by", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("closing_code", sa.String(length=64), nullable=True),
        sa.Column("repeat_of", sa.String(length=36), nullable=True),
        sa.Column("t_raised", UTCDateTime(), nullable=True),
        sa.Column("t_notify_sent", UTCDateTime(), nullable=True),
        sa.Column("t_notify_delivered", UTCDateTime(), nullable=True),
        sa.Column("t_ack", UTCDateTime(), nullable=True),
        sa.Column("ack_by", sa.String(length=36), nullable=True),
        sa.Column("t_verify_start", UTCDateTime(), nullable=True),
        sa.Column("t_verdict", UTCDateTime(), nullable=True),
        sa.Column("t_dispatch", UTCDateTime(), nullable=True),
        sa.Column("t_depart", UTCDateTime(), nullable=True),
        sa.Column("t_arrive", UTCDateTime(), nullable=True),
        sa.Column("t_control", UTCDateTime(), nullable=True),
        sa.Column("t_closed", UTCDateTime(), nullable=True),
        sa.Column("services", JSON, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("t_onset", UTCDateTime(), nullable=True),
        sa.Column("t_detect", UTCDateTime(), nullable=False),
        sa.Column("t_received", UTCDateTime(), nullable=False),
        sa.Column("video_s", sa.Double(), nullable=False),
        sa.Column("onset_s", sa.Double(), nullable=True),
        sa.Column("track", sa.Integer(), nullable=True),
        sa.Column("class", sa.String(length=64), nullable=True),
        sa.Column("line", sa.String(length=64), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("box", JSON, nullable=True),
        sa.Column("last_seen", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("merged_into", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index(op.f("ix_alert_changed_at"), "alert", ["changed_at"], unique=False)
    op.create_index(op.f("ix_alert_incident_id"), "alert", ["incident_id"], unique=False)
    op.create_index(op.f("ix_alert_state"), "alert", ["state"], unique=False)
    op.create_index(op.f("ix_alert_t_detect"), "alert", ["t_detect"], unique=False)

    op.create_table(
        "alert_event",
        sa.Column("record", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=True),
        sa.Column("target", sa.String(length=24), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("record", "seq", name=op.f("pk_alert_event")),
    )
    op.create_index(op.f("ix_alert_event_at"), "alert_event", ["at"], unique=False)

    op.create_table(
        "app_user",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("territories", JSON, nullable=False),
        sa.Column("service", sa.String(length=8), nullable=True),
        sa.Column("position", JSON, nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("username", name=op.f("uq_app_user_username")),
    )
    op.create_table(
        "camera",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", JSON, nullable=False),
        sa.Column("territory", sa.String(length=64), nullable=True),
        sa.Column("commissioned", sa.Date(), nullable=True),
        sa.Column("retired", sa.Date(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("covers", JSON, nullable=False),
        sa.Column("file_version", sa.Integer(), nullable=False),
        sa.Column("registered_at", UTCDateTime(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("status_at", UTCDateTime(), nullable=True),
        sa.Column("last_analysed", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera")),
    )
    op.create_table(
        "camera_log",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("start", UTCDateTime(), nullable=False),
        sa.Column("end", UTCDateTime(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_camera_log")),
    )
    op.create_index(op.f("ix_camera_log_camera_id_end"), "camera_log", ["camera_id", "end"], unique=False)
    op.create_index(op.f("ix_camera_log_end"), "camera_log", ["end"], unique=False)

    op.create_table(
        "case_event",
        sa.Column("record", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=True),
        sa.Column("target", sa.String(length=24), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("record", "seq", name=op.f("pk_case_event")),
    )
    op.create_index(op.f("ix_case_event_at"), "case_event", ["at"], unique=False)

    op.create_table(
        "city_input",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("entered_at", UTCDateTime(), nullable=False),
        sa.Column("entered_by", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_city_input")),
    )
    op.create_table(
        "counter",
        sa.Column("series", sa.String(length=64), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_counter")),
    )
    op.create_table(
        "evidence",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("record", sa.String(length=36), nullable=False),
        sa.Column("folder", sa.String(length=255), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=True),
        sa.Column("files", JSON, nullable=False),
        sa.Column("trace", JSON, nullable=False),
        sa.Column("marks", JSON, nullable=False),
        sa.Column("intact", sa.Boolean(), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.Column("faults", JSON, nullable=False),
        sa.Column("verified_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_evidence")),
    )
    op.create_index(op.f("ix_evidence_record"), "evidence", ["record"], unique=False)

    op.create_table(
        "ingested",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_ingested")),
    )
    op.create_table(
        "ledger_root",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("time", sa.String(length=40), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_root")),
    )
    op.create_table(
        "login_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempt")),
    )
    op.create_index(op.f("ix_login_attempt_subject_at"), "login_attempt", ["subject", "at"], unique=False)

    op.create_table(
        "passage",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("line", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=True),
        sa.Column("time", UTCDateTime(), nullable=False),
        sa.Column("video_s", sa.Double(), nullable=False),
        sa.Column("track", sa.Integer(), nullable=True),
        sa.Column("class", sa.String(length=64), nullable=True),
        sa.Column("speed_kmh", sa.Double(), nullable=True),
        sa.Column("speed_uncertainty_kmh", sa.Double(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("plate_token", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passage")),
    )
    op.create_index(op.f("ix_passage_camera_id_time"), "passage", ["camera_id", "time"], unique=False)
    op.create_index(op.f("ix_passage_time"), "passage", ["time"], unique=False)

    op.create_table(
        "personal",
        sa.Column("record", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("tombstone", sa.Integer(), nullable=True),
        sa.Column("erased_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("record", "seq", name=op.f("pk_personal")),
    )
    op.create_table(
        "store_meta",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("city_id", sa.String(length=64), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_meta")),
    )
    op.create_table(
        "violation_case",
        sa.Column("territory", sa.String(length=64), nullable=True),
        sa.Column("plate_token", sa.String(length=64), nullable=True),
        sa.Column("plate_read", sa.Boolean(), nullable=False),
        sa.Column("speed_kmh", sa.Double(), nullable=True),
        sa.Column("speed_uncertainty_kmh", sa.Double(), nullable=True),
        sa.Column("alert_id", sa.String(length=36), nullable=True),
        sa.Column("t_screened", UTCDateTime(), nullable=True),
        sa.Column("claimed_by", sa.String(length=36), nullable=True),
        sa.Column("claimed_at", UTCDateTime(), nullable=True),
        sa.Column("first_reviewer", sa.String(length=36), nullable=True),
        sa.Column("second_look", sa.String(length=64), nullable=True),
        sa.Column("second_looked", sa.Boolean(), nullable=False),
        sa.Column("t_officer_decision", UTCDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("verdict", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("offence", sa.String(length=64), nullable=True),
        sa.Column("penalty_kind", sa.String(length=16), nullable=True),
        sa.Column("fine_mci", sa.Double(), nullable=True),
        sa.Column("fine_kzt", sa.Integer(), nullable=True),
        sa.Column("edited", JSON, nullable=False),
        sa.Column("owner_loaded", sa.Boolean(), nullable=False),
        sa.Column("limitation_ends", UTCDateTime(), nullable=True),
        sa.Column("t_signed", UTCDateTime(), nullable=True),
        sa.Column("document_no", sa.String(length=64), nullable=True),
        sa.Column("registration", sa.String(length=16), nullable=True),
        sa.Column("register_no", sa.String(length=64), nullable=True),
        sa.Column("t_registered", UTCDateTime(), nullable=True),
        sa.Column("delivery", sa.String(length=16), nullable=True),
        sa.Column("delivery_channel", sa.String(length=64), nullable=True),
        sa.Column("t_first_notification_sent", UTCDateTime(), nullable=True),
        sa.Column("t_delivered", UTCDateTime(), nullable=True),
        sa.Column("payment", sa.String(length=16), nullable=True),
        sa.Column("payment_term_ends", UTCDateTime(), nullable=True),
        sa.Column("t_payment", UTCDateTime(), nullable=True),
        sa.Column("appeal", sa.String(length=16), nullable=True),
        sa.Column("enforcement", sa.String(length=16), nullable=True),
        sa.Column("t_cancelled", UTCDateTime(), nullable=True),
        sa.Column("t_closed", UTCDateTime(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("t_onset", UTCDateTime(), nullable=True),
        sa.Column("t_detect", UTCDateTime(), nullable=False),
        sa.Column("t_received", UTCDateTime(), nullable=False),
        sa.Column("video_s", sa.Double(), nullable=False),
        sa.Column("onset_s", sa.Double(), nullable=True),
        sa.Column("track", sa.Integer(), nullable=True),
        sa.Column("class", sa.String(length=64), nullable=True),
        sa.Column("line", sa.String(length=64), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("box", JSON, nullable=True),
        sa.Column("last_seen", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("merged_into", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violation_case")),
    )
    op.create_index(op.f("ix_violation_case_changed_at"), "violation_case", ["changed_at"], unique=False)
    op.create_index(op.f("ix_violation_case_payment_term_ends"), "violation_case", ["payment_term_ends"], unique=False)
    op.create_index(op.f("ix_violation_case_state"), "violation_case", ["state"], unique=False)
    op.create_index(op.f("ix_violation_case_t_detect"), "violation_case", ["t_detect"], unique=False)
    op.create_index(
        op.f("ix_violation_case_t_first_notification_sent"),
        "violation_case",
        ["t_first_notification_sent"],
        unique=False,
    )
    op.create_index(
        op.f("ix_violation_case_t_officer_decision"), "violation_case", ["t_officer_decision"], unique=False
    )

    op.create_table(
        "alert_notification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("initiator", sa.String(length=16), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=False),
        sa.Column("delivered_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_notification_alert_id_alert")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_notification")),
    )
    op.create_index(op.f("ix_alert_notification_alert_id"), "alert_notification", ["alert_id"], unique=False)

    op.create_table(
        "camera_file",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_camera_file_camera_id_camera")),
        sa.PrimaryKeyConstraint("camera_id", "version", name=op.f("pk_camera_file")),
    )
    op.create_table(
        "decision",
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document_no", sa.String(length=64), nullable=False),
        sa.Column("file", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("package_sha256", sa.String(length=64), nullable=True),
        sa.Column("signed_at", UTCDateTime(), nullable=False),
        sa.Column("signed_by", sa.String(length=36), nullable=False),
        sa.Column("languages", JSON, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["violation_case.id"], name=op.f("fk_decision_case_id_violation_case")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_decision")),
        sa.UniqueConstraint("document_no", name=op.f("uq_decision_document_no")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_decision_year_number")),
    )
    op.create_table(
        "ledger_head",
        sa.Column("root_id", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["root_id"], ["ledger_root.id"], name=op.f("fk_ledger_head_root_id_ledger_root")),
        sa.PrimaryKeyConstraint("root_id", "record", name=op.f("pk_ledger_head")),
    )
    op.create_index(op.f("ix_ledger_head_record_seq"), "ledger_head", ["record", "seq"], unique=False)

    op.create_table(
        "user_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_session_user_id_app_user")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_user_session")),
    )
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"], unique=False)
    for table in APPEND_ONLY:
        _refuse_changes(table)


def _refuse_changes(table: str) -> None:
    """The database itself refuses to change or delete what was appended."""
    if op.get_context().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )
