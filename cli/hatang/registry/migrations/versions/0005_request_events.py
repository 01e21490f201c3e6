"""What was done to requests, act by act, instead of approvals alone.

Why: an approval is of one plan, decisions are many, and who did what must stay readable. Cost: one row per act.
Approvals of before move over. Where the system is in use they stand for its plan, since it follows from the request;
where it is not, the request waits for a plan and its approval. Way back: approvals are kept, other acts are lost.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
EVENTS = sa.table(
    "request_event",
    *map(sa.column, ("request_id", "number", "act", "role", "actor", "actor_key", "requester_key", "target")),
    *map(sa.column, ("plan", "intent", "document", "step", "note")),
    sa.column("created_at", sa.DateTime()),
)


def upgrade() -> None:
    # No batch: SQLite would make the table anew, and others point to it.
    op.add_column("request", sa.Column("kind", sa.String(length=16), nullable=False, server_default="new-system"))
    op.add_column("request", sa.Column("operates", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "request_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("actor_key", sa.String(length=200), nullable=False),
        sa.Column("requester_key", sa.String(length=200), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("document", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint(
            "act NOT IN ('appraise', 'opinion', 'approve') OR actor_key <> requester_key",
            name=op.f("ck_request_event_not_by_requester"),
        ),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_request_event_request_id_request")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_event")),
        sa.UniqueConstraint("request_id", "number", name=op.f("uq_request_event_request_id_number")),
    )
    with op.batch_alter_table("request_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_request_event_target"), ["target"], unique=False)
    _move_approvals()
    op.drop_table("approval")
    _only_add()


def downgrade() -> None:
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        sa.Column("approved_by", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("approved_by <> requested_by", name=op.f("ck_approval_not_by_requester")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_approval_request_id_request")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        sa.UniqueConstraint("request_id", "approved_by", name=op.f("uq_approval_request_id_approved_by")),
    )
    op.execute(
        "INSERT INTO approval (request_id, requested_by, approved_by, note, created_at) "
        "SELECT e.request_id, min(r.requested_by), e.actor, min(e.note), min(e.created_at) FROM request_event e "
        "JOIN request r ON r.id = e.request_id WHERE e.act = 'approve' GROUP BY e.request_id, e.actor"
    )
    op.drop_table("request_event")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION request_event_only_add()")
    op.drop_column("request", "operates")
    op.drop_column("request", "kind")


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _move_approvals() -> None:
    connection = op.get_bind()
    states: dict[str, str] = {}
    for name, state in connection.execute(sa.text("SELECT system, state FROM system_state ORDER BY id")).tuples():
        states[name] = state
    holders = dict(connection.execute(sa.text("SELECT request_id, name FROM system")).tuples().all())
    requests = sa.text("SELECT id, requested_by, created_at FROM request").columns(created_at=sa.DateTime())
    approvals = sa.text(
        "SELECT approved_by, note, created_at FROM approval WHERE request_id = :id ORDER BY id"
    ).columns(created_at=sa.DateTime())
    for key, asked_by, asked_at in connection.execute(requests).tuples().all():
        state = states.get(holders.get(key, ""), "requested")
        given = connection.execute(approvals, {"id": key}).tuples().all()
        rows = [("submit", "requester", asked_by, "submitted", "", asked_at)]
        done = bool(given) and state in ("active", "removed")
        rows += [("approve", "owner", by, "approved" if done else "submitted", note, at) for by, note, at in given]
        if done:
            rows.append(("finish", "hatang", "", state, "before plans were recorded", given[-1][2]))
        connection.execute(
            EVENTS.insert(),
            [
                {
                    "request_id": key, "number": n, "act": act, "role": role, "actor": by, "actor_key": _key(by),
                    "requester_key": _key(asked_by), "target": target, "plan": "", "intent": "", "document": "",
                    "step": "", "note": note, "created_at": at,
                }
                for n, (act, role, by, target, note, at) in enumerate(rows)
            ],
        )  # fmt: skip


def _only_add() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION request_event_only_add() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            "CREATE TRIGGER request_event_only_add BEFORE UPDATE OR DELETE ON request_event "
            "FOR EACH ROW EXECUTE FUNCTION request_event_only_add()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER request_event_no_{verb.lower()} BEFORE {verb} ON request_event "
            "BEGIN SELECT RAISE(ABORT, 'rows of request_event are only added'); END"
        )
