"""Every upgrade order is a row in the book of commands."""

from alembic import op

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    op.execute("""
        INSERT INTO command (id, device, name, code, title, job, content, private, epoch, n, state,
            message, tries, "of", born_at, made_at, sent_at, answered_at)
        SELECT id, device, 'upgrade', '', '升级', NULL, '{}', false, NULL, 0,
            CASE state WHEN 'waiting' THEN 'made' WHEN 'done' THEN 'done'
                WHEN 'failed' THEN 'refused' ELSE 'sent' END,
            words, 1, id, made_at, made_at, NULL,
            CASE WHEN state IN ('done', 'failed') THEN told_at END
        FROM upgrade
    """)
