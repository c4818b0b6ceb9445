"""the organisation: departments, posts, people, leading group, duties; private data, encrypted

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('department',
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('name_en', sa.String(length=120), nullable=False),
    sa.Column('parent_id', _KEY, nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('id', _KEY, autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['parent_id'], ['department.id'], name=op.f('fk_department_parent_id_department')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_department')),
    sa.UniqueConstraint('code', name=op.f('uq_department_code'))
    )
    with op.batch_alter_table('department', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_department_parent_id'), ['parent_id'], unique=False)

    op.create_table('duty',
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('name_en', sa.String(length=200), nullable=False),
    sa.Column('category', sa.String(length=60), nullable=False),
    sa.Column('needed_on', sa.JSON(), nullable=False),
    sa.Column('id', _KEY, autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_duty')),
    sa.UniqueConstraint('code', name=op.f('uq_duty_code'))
    )
    op.create_table('post',
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('name_en', sa.String(length=120), nullable=False),
    sa.Column('department_id', _KEY, nullable=False),
    sa.Column('rank', sa.String(length=16), nullable=False),
    sa.Column('leads', sa.Boolean(), nullable=False),
    sa.Column('id', _KEY, autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['department_id'], ['department.id'], name=op.f('fk_post_department_id_department')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post')),
    sa.UniqueConstraint('code', name=op.f('uq_post_code'))
    )
    with op.batch_alter_table('post', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_post_department_id'), ['department_id'], unique=False)

    op.create_table('person',
    sa.Column('number', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('department_id', _KEY, nullable=True),
    sa.Column('post_id', _KEY, nullable=True),
    sa.Column('company', sa.String(length=120), nullable=False),
    sa.Column('host_id', _KEY, nullable=True),
    sa.Column('joined_us', _KEY, nullable=True),
    sa.Column('left_us', _KEY, nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('user_id', _KEY, nullable=True),
    sa.Column('name_masked', sa.String(length=120), nullable=False),
    sa.Column('erased_us', _KEY, nullable=True),
    sa.Column('id', _KEY, autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['department_id'], ['department.id'], name=op.f('fk_person_department_id_department')),
    sa.ForeignKeyConstraint(['host_id'], ['person.id'], name=op.f('fk_person_host_id_person')),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_person_post_id_post')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_person_user_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person')),
    sa.UniqueConstraint('number', name=op.f('uq_person_number')),
    sa.UniqueConstraint('user_id', name=op.f('uq_person_user_id'))
    )
    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_person_active'), ['active'], unique=False)
        batch_op.create_index(batch_op.f('ix_person_department_id'), ['department_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_person_host_id'), ['host_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_person_kind'), ['kind'], unique=False)
        batch_op.create_index(batch_op.f('ix_person_post_id'), ['post_id'], unique=False)

    op.create_table('leading_group_member',
    sa.Column('person_id', _KEY, nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('duties', sa.Text(), nullable=False),
    sa.Column('from_us', _KEY, nullable=True),
    sa.Column('until_us', _KEY, nullable=True),
    sa.Column('id', _KEY, autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_leading_group_member_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_leading_group_member')),
    sa.UniqueConstraint('person_id', 'role', name=op.f('uq_leading_group_member_person_id'))
    )
    with op.batch_alter_table('leading_group_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_leading_group_member_person_id'), ['person_id'], unique=False)

    op.create_table('person_health',
    sa.Column('person_id', _KEY, nullable=False),
    sa.Column('field', sa.String(length=32), nullable=False),
    sa.Column('nonce', sa.LargeBinary(), nullable=False),
    sa.Column('ciphertext', sa.LargeBinary(), nullable=False),
    sa.Column('key_id', sa.String(length=32), nullable=False),
    sa.Column('updated_us', sa.BigInteger(), nullable=False),
    sa.Column('id', _KEY, autoincrement=True, nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_person_health_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person_health')),
    sa.UniqueConstraint('person_id', 'field', name=op.f('uq_person_health_person_id'))
    )
    with op.batch_alter_table('person_health', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_person_health_key_id'), ['key_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_person_health_person_id'), ['person_id'], unique=False)

    op.create_table('person_private',
    sa.Column('person_id', _KEY, nullable=False),
    sa.Column('field', sa.String(length=32), nullable=False),
    sa.Column('nonce', sa.LargeBinary(), nullable=False),
    sa.Column('ciphertext', sa.LargeBinary(), nullable=False),
    sa.Column('key_id', sa.String(length=32), nullable=False),
    sa.Column('updated_us', sa.BigInteger(), nullable=False),
    sa.Column('id', _KEY, autoincrement=True, nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_person_private_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person_private')),
    sa.UniqueConstraint('person_id', 'field', name=op.f('uq_person_private_person_id'))
    )
    with op.batch_alter_table('person_private', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_person_private_key_id'), ['key_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_person_private_person_id'), ['person_id'], unique=False)

    op.create_table('responsibility',
    sa.Column('place_id', _KEY, nullable=False),
    sa.Column('post_id', _KEY, nullable=False),
    sa.Column('duty_id', _KEY, nullable=False),
    sa.Column('person_id', _KEY, nullable=True),
    sa.Column('main', sa.Boolean(), nullable=False),
    sa.Column('id', _KEY, autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['duty_id'], ['duty.id'], name=op.f('fk_responsibility_duty_id_duty')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_responsibility_person_id_person')),
    sa.ForeignKeyConstraint(['place_id'], ['place.id'], name=op.f('fk_responsibility_place_id_place')),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_responsibility_post_id_post')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_responsibility')),
    sa.UniqueConstraint('place_id', 'post_id', 'duty_id', name=op.f('uq_responsibility_place_id'))
    )
    with op.batch_alter_table('responsibility', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_responsibility_duty_id'), ['duty_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_responsibility_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_responsibility_place_id'), ['place_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_responsibility_post_id'), ['post_id'], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
