"""rights as data: roles, what they hold, who holds them where; signatures in the trail

Revision: 0002
Follows: 0001
"""

import time

import sqlalchemy as sa
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
_RENAMED = {"manager": "safety_manager"}


def upgrade() -> None:
    op.create_table('role',
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('name_en', sa.String(length=60), nullable=False),
    sa.Column('ready', sa.Boolean(), nullable=False),
    sa.Column('id', _KEY, autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_role')),
    sa.UniqueConstraint('code', name=op.f('uq_role_code')),
    )
    op.create_table('role_right',
    sa.Column('role_id', _KEY, nullable=False),
    sa.Column('action', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['role_id'], ['role.id'], name=op.f('fk_role_right_role_id_role')),
    sa.PrimaryKeyConstraint('role_id', 'action', name=op.f('pk_role_right')),
    )
    op.create_table('role_assignment',
    sa.Column('user_id', _KEY, nullable=False),
    sa.Column('role_id', _KEY, nullable=False),
    sa.Column('zone', sa.String(length=64), nullable=False),
    sa.Column('until_us', _KEY, nullable=True),
    sa.Column('granted_us', sa.BigInteger(), nullable=False),
    sa.Column('granted_by', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('id', _KEY, autoincrement=True, nullable=False),
    sa.ForeignKeyConstraint(['role_id'], ['role.id'], name=op.f('fk_role_assignment_role_id_role')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_role_assignment_user_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_role_assignment')),
    sa.UniqueConstraint('user_id', 'role_id', 'zone', name=op.f('uq_role_assignment_user_id')),
    )
    op.create_index(op.f('ix_role_assignment_user_id'), 'role_assignment', ['user_id'], unique=False)
    op.create_table('known_action',
    sa.Column('action', sa.String(length=64), nullable=False),
    sa.Column('since_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('action', name=op.f('pk_known_action')),
    )
    op.create_table('signature_rule',
    sa.Column('danger', sa.String(length=64), nullable=False),
    sa.Column('password', sa.Boolean(), nullable=False),
    sa.Column('second', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('danger', name=op.f('pk_signature_rule')),
    )
    op.add_column('audit_entry', sa.Column('signed', sa.JSON(), nullable=True))
    _hand_over_roles()
    op.execute("ALTER TABLE user_account DROP COLUMN role")


def _hand_over_roles() -> None:
    """Everybody keeps their role, in the whole plant; what it holds is filled in at the first start."""
    connection, now_us = op.get_bind(), time.time_ns() // 1000
    roles = sa.table('role', *(sa.column(name) for name in ('id', 'code', 'name', 'name_en', 'ready', 'version')))
    held = sa.table(
        'role_assignment',
        *(sa.column(name) for name in ('user_id', 'role_id', 'zone', 'granted_us', 'granted_by', 'reason')),
    )
    for user_id, old in connection.execute(sa.text("SELECT id, role FROM user_account ORDER BY id")).all():
        code = _RENAMED.get(old, old)
        role_id = connection.execute(sa.select(roles.c.id).where(roles.c.code == code)).scalar()
        if role_id is None:
            row = {"code": code, "name": "", "name_en": "", "ready": True, "version": 1}
            connection.execute(sa.insert(roles).values(**row))
            role_id = connection.execute(sa.select(roles.c.id).where(roles.c.code == code)).scalar_one()
        connection.execute(sa.insert(held).values(
            user_id=user_id, role_id=role_id, zone="", granted_us=now_us, granted_by="system", reason="0002",
        ))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
