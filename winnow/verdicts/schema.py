"""The tables of the log, how an older Winnow's become today's, and that a newer one's are left alone."""

import sqlalchemy as sa

from winnow.errors import DatabaseError
from winnow.verdicts.auto_items import auto_table

SCHEMA_VERSION = 4

metadata = sa.MetaData()
events = sa.Table(
    "verdicts",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("key", sa.String(64), nullable=False, unique=True),  # made by the client: one press, one event
    sa.Column("kind", sa.String(8), nullable=False),  # a verdict's kind, or "undo"
    sa.Column("undoes", sa.Integer, unique=True),  # an undo's verdict; at most one undo a verdict
    sa.Column("item_id", sa.String(16), nullable=False, index=True),
    sa.Column("label", sa.Integer),  # class index; null = skip
    sa.Column("annotator", sa.String(64), nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),  # seconds since 1970, UTC
    sa.Column("elapsed_ms", sa.Integer),
    sa.Column("probability", sa.Float),  # P(label = 1) as it was when the item was shown
    sa.Column("model_version", sa.Integer),
    sa.Column("strategy", sa.String(32), nullable=False),
    sa.Column("selection_probability", sa.Float),
    sa.Column("rank", sa.Integer),  # place in the queue it was shown from, 0 = first
    sa.Column("reason", sa.String(200)),
    # The item in words, so that the log can be read without the pool it came from.
    sa.Column("path", sa.Text, nullable=False),
    *(sa.Column(side, sa.Float) for side in ("x1", "y1", "x2", "y2")),
    # Since schema 2. What the item claimed, and what a correction says instead.
    sa.Column("proposed_class", sa.Text),
    sa.Column("score", sa.Float),
    sa.Column("source", sa.Text),
    sa.Column("class_name", sa.Text),  # the class that the annotator gave, over the proposed one
    sa.Column("replaces", sa.String(16)),  # the item whose box this corrected one replaces
    # Since schema 3.
    sa.Column("mask", sa.Text),  # of a corrected item: {"size": [h, w], "counts": COCO's run lengths}, as JSON
    sa.Column("batch", sa.String(64)),  # key of the press that made several events, which an undo takes back together
    # Since schema 4.
    sa.Column("goal", sa.String(32)),  # what was being looked for when the item was shown; strategy says why this one
    sqlite_autoincrement=True,
)
_SINCE = {2: ("proposed_class", "score", "source", "class_name", "replaces"), 3: ("mask", "batch"), 4: ("goal",)}
auto_items = auto_table(metadata)  # since schema 4
state = sa.Table("state", metadata, sa.Column("name", sa.String(64), primary_key=True), sa.Column("value", sa.Text))
_is_version = state.c.name == "schema_version"


def bring_up_to_date(connection: sa.Connection) -> None:
    """Make the tables, or add what an older Winnow's lack; raises DatabaseError where a newer one made them."""
    state.create(connection, checkfirst=True)
    version = _version(connection)
    metadata.create_all(connection)
    if version is None:
        connection.execute(state.insert().values(name="schema_version", value=str(SCHEMA_VERSION)))
    elif version < SCHEMA_VERSION:
        _add_columns(connection, newer_than=version)
        connection.execute(state.update().where(_is_version).values(value=str(SCHEMA_VERSION)))


def check_up_to_date(connection: sa.Connection) -> None:
    """Raises DatabaseError where the tables are not today's."""
    version = _version(connection)
    if version is not None and version < SCHEMA_VERSION:
        raise DatabaseError(
            f"The database {_name(connection)} was written by an older Winnow. Start its server once: that updates it."
        )


def _version(connection: sa.Connection) -> int | None:
    version = connection.execute(sa.select(state.c.value).where(_is_version)).scalar()
    if version is not None and int(version) > SCHEMA_VERSION:
        raise DatabaseError(
            f"The database {_name(connection)} has schema {version}; this Winnow knows {SCHEMA_VERSION}. Update Winnow."
        )
    return None if version is None else int(version)


def _name(connection: sa.Connection) -> str:
    return connection.engine.url.render_as_string(hide_password=True)


def _add_columns(connection: sa.Connection, *, newer_than: int) -> None:
    for name in [name for since, names in _SINCE.items() if since > newer_than for name in names]:
        column = events.c[name]
        kind = column.type.compile(connection.dialect)
        connection.execute(sa.text(f"ALTER TABLE {events.name} ADD COLUMN {name} {kind}"))
