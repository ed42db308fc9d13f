"""What the studio shows: camera paths of worlds, and that an operation has a preview."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the newest tables."""
    with op.batch_alter_table("worlds") as table:
        table.add_column(sa.Column("camera_path", sa.JSON(), nullable=True))
    with op.batch_alter_table("operations") as table:
        table.add_column(sa.Column("previewed", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Back again."""
    with op.batch_alter_table("operations") as table:
        table.drop_column("previewed")
    with op.batch_alter_table("worlds") as table:
        table.drop_column("camera_path")
