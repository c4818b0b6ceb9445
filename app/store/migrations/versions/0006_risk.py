"""risk: register, who answers, stocks, incidents, plan and outlines, every regrade

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None



def _seal() -> None:
    """Every regrade stays as it was."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER regrade_no_{act.lower()} BEFORE {act} ON regrade "
                "BEGIN SELECT RAISE(ABORT, 'regrade is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER regrade_append_only BEFORE UPDATE OR DELETE ON regrade "
        "FOR EACH ROW EXECUTE FUNCTION ankan_append_only()"
    )
    op.execute(
        "CREATE TRIGGER regrade_no_truncate BEFORE TRUNCATE ON regrade "
        "FOR EACH STATEMENT EXECUTE FUNCTION ankan_append_only()"
    )


def upgrade() -> None:
    op.create_table('hazard_unit',
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('place', sa.String(length=64), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('stock', sa.JSON(), nullable=False),
    sa.Column('s', sa.Float(), nullable=False),
    sa.Column('alpha', sa.Float(), nullable=False),
    sa.Column('r', sa.Float(), nullable=False),
    sa.Column('level', sa.String(length=16), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hazard_unit')),
    sa.UniqueConstraint('code', name=op.f('uq_hazard_unit_code'))
    )
    with op.batch_alter_table('hazard_unit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hazard_unit_place'), ['place'], unique=False)

    op.create_table('incident',
    sa.Column('number', sa.String(length=64), nullable=False),
    sa.Column('t_us', sa.BigInteger(), nullable=False),
    sa.Column('place', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('accident', sa.String(length=64), nullable=False),
    sa.Column('dead', sa.Integer(), nullable=False),
    sa.Column('injured', sa.Integer(), nullable=False),
    sa.Column('loss', sa.Float(), nullable=False),
    sa.Column('direct_cause', sa.Text(), nullable=False),
    sa.Column('indirect_cause', sa.Text(), nullable=False),
    sa.Column('root_cause', sa.Text(), nullable=False),
    sa.Column('measures', sa.Text(), nullable=False),
    sa.Column('closed', sa.Boolean(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident')),
    sa.UniqueConstraint('number', name=op.f('uq_incident_number'))
    )
    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_incident_place'), ['place'], unique=False)
        batch_op.create_index(batch_op.f('ix_incident_t_us'), ['t_us'], unique=False)

    op.create_table('map_point',
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('layer', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('name_en', sa.String(length=120), nullable=False),
    sa.Column('x', sa.Float(), nullable=False),
    sa.Column('y', sa.Float(), nullable=False),
    sa.Column('heading', sa.Float(), nullable=True),
    sa.Column('range_m', sa.Float(), nullable=True),
    sa.Column('place', sa.String(length=64), nullable=False),
    sa.Column('target', sa.String(length=200), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_map_point')),
    sa.UniqueConstraint('code', name=op.f('uq_map_point_code'))
    )
    with op.batch_alter_table('map_point', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_map_point_layer'), ['layer'], unique=False)

    op.create_table('regrade',
    sa.Column('t_us', sa.BigInteger(), nullable=False),
    sa.Column('place', sa.String(length=64), nullable=False),
    sa.Column('before', sa.String(length=8), nullable=False),
    sa.Column('after', sa.String(length=8), nullable=False),
    sa.Column('inherent', sa.Float(), nullable=False),
    sa.Column('value', sa.Float(), nullable=False),
    sa.Column('factors', sa.JSON(), nullable=False),
    sa.Column('cause', sa.String(length=64), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_regrade'))
    )
    with op.batch_alter_table('regrade', schema=None) as batch_op:
        batch_op.create_index('ix_regrade_place_t_us', ['place', 't_us'], unique=False)
        batch_op.create_index(batch_op.f('ix_regrade_t_us'), ['t_us'], unique=False)

    op.create_table('risk_answerable',
    sa.Column('place', sa.String(length=64), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('person', sa.String(length=64), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_risk_answerable')),
    sa.UniqueConstraint('place', 'role', name=op.f('uq_risk_answerable_place'))
    )
    op.create_table('risk_item',
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('parent_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('place', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('name_en', sa.String(length=200), nullable=False),
    sa.Column('accident', sa.String(length=64), nullable=False),
    sa.Column('consequence', sa.Text(), nullable=False),
    sa.Column('method', sa.String(length=32), nullable=False),
    sa.Column('inherent', sa.JSON(), nullable=True),
    sa.Column('inherent_value', sa.Float(), nullable=True),
    sa.Column('inherent_grade', sa.String(length=8), nullable=False),
    sa.Column('residual', sa.JSON(), nullable=True),
    sa.Column('residual_value', sa.Float(), nullable=True),
    sa.Column('residual_grade', sa.String(length=8), nullable=False),
    sa.Column('x', sa.Float(), nullable=True),
    sa.Column('y', sa.Float(), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['parent_id'], ['risk_item.id'], name=op.f('fk_risk_item_parent_id_risk_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_risk_item')),
    sa.UniqueConstraint('code', name=op.f('uq_risk_item_code'))
    )
    with op.batch_alter_table('risk_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_risk_item_parent_id'), ['parent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_risk_item_place'), ['place'], unique=False)

    op.create_table('risk_weights',
    sa.Column('t_us', sa.BigInteger(), nullable=False),
    sa.Column('by', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_risk_weights'))
    )
    op.create_table('site_plan',
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('media_type', sa.String(length=64), nullable=False),
    sa.Column('width', sa.Float(), nullable=False),
    sa.Column('height', sa.Float(), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.Column('saved_us', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_site_plan'))
    )
    op.create_table('zone_outline',
    sa.Column('place', sa.String(length=64), nullable=False),
    sa.Column('polygon', sa.JSON(), nullable=False),
    sa.Column('label', sa.JSON(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('place', name=op.f('pk_zone_outline'))
    )
    op.create_table('zone_override',
    sa.Column('place', sa.String(length=64), nullable=False),
    sa.Column('grade', sa.String(length=8), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('by', sa.String(length=64), nullable=False),
    sa.Column('since_us', sa.BigInteger(), nullable=False),
    sa.Column('until_us', sa.BigInteger(), nullable=False),
    sa.Column('ended_us', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('ended_by', sa.String(length=64), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_zone_override'))
    )
    with op.batch_alter_table('zone_override', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_zone_override_place'), ['place'], unique=False)

    op.create_table('risk_control',
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('duty_post', sa.String(length=64), nullable=False),
    sa.Column('duty_text', sa.Text(), nullable=False),
    sa.Column('cycle_days', sa.Integer(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['risk_item.id'], name=op.f('fk_risk_control_item_id_risk_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_risk_control'))
    )
    with op.batch_alter_table('risk_control', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_risk_control_item_id'), ['item_id'], unique=False)
    _seal()


def downgrade() -> None:
    with op.batch_alter_table('risk_control', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_risk_control_item_id'))

    op.drop_table('risk_control')
    with op.batch_alter_table('zone_override', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_zone_override_place'))

    op.drop_table('zone_override')
    op.drop_table('zone_outline')
    op.drop_table('site_plan')
    op.drop_table('risk_weights')
    with op.batch_alter_table('risk_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_risk_item_place'))
        batch_op.drop_index(batch_op.f('ix_risk_item_parent_id'))

    op.drop_table('risk_item')
    op.drop_table('risk_answerable')
    with op.batch_alter_table('regrade', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_regrade_t_us'))
        batch_op.drop_index('ix_regrade_place_t_us')

    op.drop_table('regrade')
    with op.batch_alter_table('map_point', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_map_point_layer'))

    op.drop_table('map_point')
    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_incident_t_us'))
        batch_op.drop_index(batch_op.f('ix_incident_place'))

    op.drop_table('incident')
    with op.batch_alter_table('hazard_unit', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_hazard_unit_place'))

    op.drop_table('hazard_unit')
