"""first schema: tags, history, alarms, people, audit

Revision: 0001
Follows: 
"""

import sqlalchemy as sa
from alembic import op


revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


_SEALED = ("audit_entry", "alarm_transition")


def _seal() -> None:
    """The trail and the alarm journal only grow: the database itself refuses changes."""
    if op.get_bind().dialect.name == "sqlite":
        for table in _SEALED:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION ankan_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in _SEALED:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION ankan_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ankan_append_only()"
        )


def upgrade() -> None:
    op.create_table('audit_entry',
    sa.Column('t_us', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('login', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('role', sa.String(length=200), nullable=False),
    sa.Column('station', sa.String(length=64), nullable=False),
    sa.Column('session_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('action', sa.String(length=64), nullable=False),
    sa.Column('target', sa.String(length=200), nullable=False),
    sa.Column('outcome', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('before', sa.JSON(), nullable=True),
    sa.Column('after', sa.JSON(), nullable=True),
    sa.Column('prev_hash', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry'))
    )
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_entry_action'), ['action'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_entry_login'), ['login'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_entry_t_us'), ['t_us'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_entry_target'), ['target'], unique=False)

    op.create_table('dead_letter',
    sa.Column('received_us', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=False),
    sa.Column('payload_size', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=64), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('handled_us', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('handled_by', sa.String(length=120), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dead_letter'))
    )
    with op.batch_alter_table('dead_letter', schema=None) as batch_op:
        batch_op.create_index('ix_dead_letter_reason_received', ['reason', 'received_us'], unique=False)
        batch_op.create_index(batch_op.f('ix_dead_letter_received_us'), ['received_us'], unique=False)
        batch_op.create_index(batch_op.f('ix_dead_letter_state'), ['state'], unique=False)

    op.create_table('place',
    sa.Column('parent_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('name_en', sa.String(length=120), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.ForeignKeyConstraint(['parent_id'], ['place.id'], name=op.f('fk_place_parent_id_place')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_place')),
    sa.UniqueConstraint('code', name=op.f('uq_place_code'))
    )
    with op.batch_alter_table('place', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_place_parent_id'), ['parent_id'], unique=False)

    op.create_table('rollup_1h',
    sa.Column('tag_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('ts_us', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('bad', sa.Integer(), nullable=False),
    sa.Column('v_min', sa.Float(), nullable=True),
    sa.Column('v_max', sa.Float(), nullable=True),
    sa.Column('v_sum', sa.Float(), nullable=True),
    sa.PrimaryKeyConstraint('tag_id', 'ts_us', name=op.f('pk_rollup_1h')),
    sqlite_with_rowid=False
    )
    op.create_table('rollup_1m',
    sa.Column('tag_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('ts_us', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('bad', sa.Integer(), nullable=False),
    sa.Column('v_min', sa.Float(), nullable=True),
    sa.Column('v_max', sa.Float(), nullable=True),
    sa.Column('v_sum', sa.Float(), nullable=True),
    sa.PrimaryKeyConstraint('tag_id', 'ts_us', name=op.f('pk_rollup_1m')),
    sqlite_with_rowid=False
    )
    op.create_table('rollup_1s',
    sa.Column('tag_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('ts_us', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('bad', sa.Integer(), nullable=False),
    sa.Column('v_min', sa.Float(), nullable=True),
    sa.Column('v_max', sa.Float(), nullable=True),
    sa.Column('v_sum', sa.Float(), nullable=True),
    sa.PrimaryKeyConstraint('tag_id', 'ts_us', name=op.f('pk_rollup_1s')),
    sqlite_with_rowid=False
    )
    op.create_table('sample',
    sa.Column('ts_us', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('tag_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('value', sa.Float(), nullable=True),
    sa.Column('quality', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('ts_us', 'tag_id', name=op.f('pk_sample')),
    sqlite_with_rowid=False
    )
    op.create_table('sample_text',
    sa.Column('ts_us', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('tag_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('value', sa.Text(), nullable=True),
    sa.Column('quality', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('ts_us', 'tag_id', name=op.f('pk_sample_text')),
    sqlite_with_rowid=False
    )
    op.create_table('tag_last',
    sa.Column('tag_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('ts_us', sa.BigInteger(), nullable=False),
    sa.Column('received_us', sa.BigInteger(), nullable=False),
    sa.Column('value', sa.Float(), nullable=True),
    sa.Column('value_text', sa.Text(), nullable=True),
    sa.Column('quality', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('tag_id', name=op.f('pk_tag_last'))
    )
    op.create_table('user_account',
    sa.Column('login', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('role', sa.String(length=32), nullable=False),
    sa.Column('password', sa.String(length=255), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('must_change', sa.Boolean(), nullable=False),
    sa.Column('failed_logins', sa.Integer(), nullable=False),
    sa.Column('locked_until_us', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_us', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_account')),
    sa.UniqueConstraint('login', name=op.f('uq_user_account_login'))
    )
    op.create_table('watermark',
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('t_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_watermark'))
    )
    op.create_table('session',
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('station', sa.String(length=64), nullable=False),
    sa.Column('opened_us', sa.BigInteger(), nullable=False),
    sa.Column('closed_us', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_session_user_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_session'))
    )
    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_session_user_id'), ['user_id'], unique=False)

    op.create_table('tag',
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('description', sa.String(length=200), nullable=False),
    sa.Column('description_en', sa.String(length=200), nullable=False),
    sa.Column('place_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('unit', sa.String(length=32), nullable=False),
    sa.Column('decimals', sa.Integer(), nullable=False),
    sa.Column('range_lo', sa.Float(), nullable=True),
    sa.Column('range_hi', sa.Float(), nullable=True),
    sa.Column('stale_after_s', sa.Float(), nullable=True),
    sa.Column('retention', sa.String(length=16), nullable=False),
    sa.Column('compress_deadband', sa.Float(), nullable=True),
    sa.Column('states', sa.JSON(), nullable=True),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['place_id'], ['place.id'], name=op.f('fk_tag_place_id_place')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tag')),
    sa.UniqueConstraint('name', name=op.f('uq_tag_name'))
    )
    with op.batch_alter_table('tag', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_tag_place_id'), ['place_id'], unique=False)

    op.create_table('alarm_definition',
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('tag_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['tag_id'], ['tag.id'], name=op.f('fk_alarm_definition_tag_id_tag')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alarm_definition')),
    sa.UniqueConstraint('key', name=op.f('uq_alarm_definition_key'))
    )
    with op.batch_alter_table('alarm_definition', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alarm_definition_tag_id'), ['tag_id'], unique=False)

    op.create_table('alarm_occurrence',
    sa.Column('definition_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('tag_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('raised_us', sa.BigInteger(), nullable=False),
    sa.Column('value', sa.Float(), nullable=True),
    sa.Column('value_text', sa.String(length=200), nullable=True),
    sa.Column('limit', sa.Float(), nullable=True),
    sa.Column('acked_us', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('acked_by', sa.String(length=120), nullable=False),
    sa.Column('acked_station', sa.String(length=64), nullable=False),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('cleared_us', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('closed_us', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('held_by', sa.String(length=120), nullable=False),
    sa.Column('held_reason', sa.Text(), nullable=False),
    sa.Column('held_until_us', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.ForeignKeyConstraint(['definition_id'], ['alarm_definition.id'], name=op.f('fk_alarm_occurrence_definition_id_alarm_definition')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alarm_occurrence'))
    )
    with op.batch_alter_table('alarm_occurrence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alarm_occurrence_definition_id'), ['definition_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_alarm_occurrence_key'), ['key'], unique=False)
        batch_op.create_index('ix_alarm_occurrence_open', ['closed_us', 'raised_us'], unique=False)
        batch_op.create_index(batch_op.f('ix_alarm_occurrence_raised_us'), ['raised_us'], unique=False)
        batch_op.create_index(batch_op.f('ix_alarm_occurrence_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_alarm_occurrence_tag_id'), ['tag_id'], unique=False)

    op.create_table('alarm_runtime',
    sa.Column('definition_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('occurrence_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('updated_us', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['definition_id'], ['alarm_definition.id'], name=op.f('fk_alarm_runtime_definition_id_alarm_definition')),
    sa.PrimaryKeyConstraint('definition_id', name=op.f('pk_alarm_runtime'))
    )
    op.create_table('alarm_transition',
    sa.Column('definition_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('occurrence_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('t_us', sa.BigInteger(), nullable=False),
    sa.Column('transition', sa.String(length=32), nullable=False),
    sa.Column('from_state', sa.String(length=16), nullable=False),
    sa.Column('to_state', sa.String(length=16), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('value', sa.Float(), nullable=True),
    sa.Column('by', sa.String(length=120), nullable=False),
    sa.Column('station', sa.String(length=64), nullable=False),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.ForeignKeyConstraint(['definition_id'], ['alarm_definition.id'], name=op.f('fk_alarm_transition_definition_id_alarm_definition')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alarm_transition'))
    )
    with op.batch_alter_table('alarm_transition', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alarm_transition_definition_id'), ['definition_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_alarm_transition_occurrence_id'), ['occurrence_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_alarm_transition_t_us'), ['t_us'], unique=False)
    _seal()


def downgrade() -> None:
    with op.batch_alter_table('alarm_transition', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_alarm_transition_t_us'))
        batch_op.drop_index(batch_op.f('ix_alarm_transition_occurrence_id'))
        batch_op.drop_index(batch_op.f('ix_alarm_transition_definition_id'))

    op.drop_table('alarm_transition')
    op.drop_table('alarm_runtime')
    with op.batch_alter_table('alarm_occurrence', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_alarm_occurrence_tag_id'))
        batch_op.drop_index(batch_op.f('ix_alarm_occurrence_state'))
        batch_op.drop_index(batch_op.f('ix_alarm_occurrence_raised_us'))
        batch_op.drop_index('ix_alarm_occurrence_open')
        batch_op.drop_index(batch_op.f('ix_alarm_occurrence_key'))
        batch_op.drop_index(batch_op.f('ix_alarm_occurrence_definition_id'))

    op.drop_table('alarm_occurrence')
    with op.batch_alter_table('alarm_definition', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_alarm_definition_tag_id'))

    op.drop_table('alarm_definition')
    with op.batch_alter_table('tag', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_tag_place_id'))

    op.drop_table('tag')
    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_session_user_id'))

    op.drop_table('session')
    op.drop_table('watermark')
    op.drop_table('user_account')
    op.drop_table('tag_last')
    op.drop_table('sample_text')
    op.drop_table('sample')
    op.drop_table('rollup_1s')
    op.drop_table('rollup_1m')
    op.drop_table('rollup_1h')
    with op.batch_alter_table('place', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_place_parent_id'))

    op.drop_table('place')
    with op.batch_alter_table('dead_letter', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_dead_letter_state'))
        batch_op.drop_index(batch_op.f('ix_dead_letter_received_us'))
        batch_op.drop_index('ix_dead_letter_reason_received')

    op.drop_table('dead_letter')
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_entry_target'))
        batch_op.drop_index(batch_op.f('ix_audit_entry_t_us'))
        batch_op.drop_index(batch_op.f('ix_audit_entry_login'))
        batch_op.drop_index(batch_op.f('ix_audit_entry_action'))

    op.drop_table('audit_entry')
