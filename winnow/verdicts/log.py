"""The append-only log of verdicts: what is in it is on disk, and nothing in it is ever changed or removed."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from winnow.errors import DatabaseError
from winnow.verdicts.auto_items import AutoItems, auto_table, read_items, write_items
from winnow.verdicts.locking import lock_out_others

SCHEMA_VERSION = 4

_metadata = sa.MetaData()
_events = sa.Table(
    "verdicts",
    _metadata,
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
_auto_items = auto_table(_metadata)  # since schema 4
_state = sa.Table("state", _metadata, sa.Column("name", sa.String(64), primary_key=True), sa.Column("value", sa.Text))


Kind = Literal["verdict", "miss", "complete", "reject", "auto"]


@dataclass(frozen=True, slots=True)
class NewVerdict:
    """An event on its way into the log; columns of the table above have the meanings.

    A `miss` says that an image has an object which nobody proposed, `complete` that all its objects are boxed by now,
    `reject` that what was proposed on it is of no use; the item of these is the whole image. An `auto` event stands for
    many items, which a head labelled; its own item and path are empty.
    """

    key: str
    item_id: str
    label: int | None
    annotator: str
    path: str
    box_xyxy: tuple[float, float, float, float] | None = None
    elapsed_ms: int | None = None
    probability: float | None = None
    model_version: int | None = None
    strategy: str = "import"
    selection_probability: float | None = None
    rank: int | None = None
    reason: str | None = None
    kind: Kind = "verdict"
    proposed_class: str | None = None
    score: float | None = None
    source: str | None = None
    class_name: str | None = None
    replaces: str | None = None
    mask: str | None = None
    batch: str | None = None
    goal: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict(NewVerdict):
    """A verdict as the log holds it."""

    seq: int = 0
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class AutoVerdict(Verdict):
    """An auto event with its members."""

    items: AutoItems | None = None

    def verdicts(self) -> Iterator[Verdict]:
        """The label of each member, as if it had an event of its own."""
        assert self.items
        for item_id, label, probability, path, box, class_name, score, source in self.items.rows():
            yield Verdict(
                key=self.key,
                item_id=item_id,
                label=label,
                annotator=self.annotator,
                path=path,
                box_xyxy=None if box is None else (box[0], box[1], box[2], box[3]),
                probability=probability,
                model_version=self.model_version,
                strategy="auto",
                proposed_class=class_name,
                score=score,
                source=source,
                seq=self.seq,
                created_at=self.created_at,
            )


@dataclass(frozen=True, slots=True)
class Undo:
    """The event that takes back verdict `undoes`."""

    seq: int
    key: str
    undoes: int
    annotator: str
    created_at: float


class VerdictLog:
    """One writer's access to the log; a second writer of the same database is refused.

    Args:
        url: an SQLAlchemy URL, such as `sqlite:////data/winnow.db` or `postgresql+psycopg://…`.
        is_writer: False only reads, also while a server writes; the log must be there.

    Raises:
        DatabaseError: cannot be opened, is locked by another server, or was written by a newer Winnow.
    """

    def __init__(self, url: str, *, is_writer: bool = True) -> None:
        self._url = url
        self._write_lock = threading.Lock()
        try:
            self._engine = sa.create_engine(url)
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
            raise DatabaseError(
                f"WINNOW_DATABASE is {url!r}: {error}. Use a URL such as sqlite:////data/winnow.db, "
                "and install the database's driver."
            ) from error
        self._is_sqlite = self._engine.dialect.name == "sqlite"
        if self._is_sqlite:
            sa.event.listen(self._engine, "connect", _set_pragmas)
        self._process_lock = lock_out_others(self._engine) if is_writer else None
        try:
            if is_writer:
                self._create_schema()
            else:
                self._check_readable()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._engine.dispose()
        if self._process_lock:
            self._process_lock.release()

    def append(self, verdicts: Sequence[NewVerdict]) -> list[Verdict]:
        """Write verdicts in one transaction; when this returns they are on disk.

        Raises:
            DatabaseError: nothing was written.
        """
        now = time.time()
        with self._transaction() as connection:
            return [_stored(connection, verdict, now) for verdict in verdicts]

    def append_auto(self, event: NewVerdict, items: AutoItems) -> AutoVerdict:
        """Write an auto event and its members in one transaction; as `append`."""
        with self._transaction() as connection:
            verdict = _stored(connection, event, time.time())
            write_items(connection, _auto_items, verdict.seq, items)
        return _with_items(verdict, items)

    def undo(self, verdicts: Sequence[Verdict], *, key: str, annotator: str) -> list[Undo]:
        """Write the taking back of verdicts in one transaction, under `key` (and `key`/1, `key`/2, … for more)."""
        now = time.time()
        undone = []
        with self._transaction() as connection:
            for i, verdict in enumerate(verdicts):
                event_key = key if i == 0 else f"{key}/{i}"
                row = {
                    "key": event_key,
                    "kind": "undo",
                    "undoes": verdict.seq,
                    "item_id": verdict.item_id,
                    "annotator": annotator,
                    "created_at": now,
                    "strategy": "undo",
                    "path": verdict.path,
                }
                seq = _insert(connection, row)
                undone.append(Undo(seq, event_key, verdict.seq, annotator, now))
        return undone

    def replay(self, after: int = 0) -> Iterator[Verdict | Undo]:
        """Every event with a number above `after`, oldest first."""
        events = sa.select(_events).where(_events.c.seq > after).order_by(_events.c.seq)
        with self._readable() as connection:
            for row in connection.execute(events).mappings():
                if row["kind"] == "auto":
                    yield _with_items(_verdict_of(row), read_items(connection, _auto_items, row["seq"]))
                else:
                    yield _undo_of(row) if row["kind"] == "undo" else _verdict_of(row)

    def read_state(self, name: str) -> str | None:
        """A remembered setting, such as the strategy chosen on the page."""
        with self._readable() as connection:
            return connection.execute(sa.select(_state.c.value).where(_state.c.name == name)).scalar()

    def read_states(self, prefix: str) -> dict[str, str]:
        """All remembered settings whose names begin so, without the prefix."""
        begins = _state.c.name.startswith(prefix, autoescape=True)
        with self._readable() as connection:
            rows = connection.execute(sa.select(_state.c.name, _state.c.value).where(begins)).all()
        return {name.removeprefix(prefix): value for name, value in rows}

    def write_state(self, name: str, value: str) -> None:
        insert = (sqlite if self._is_sqlite else postgresql).insert(_state).values(name=name, value=value)
        with self._transaction() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"value": value}))

    def _create_schema(self) -> None:
        with self._transaction() as connection:
            _metadata.create_all(connection)
            version = connection.execute(sa.select(_state.c.value).where(_state.c.name == "schema_version")).scalar()
            self._refuse_newer(version)
            if version is None:
                connection.execute(_state.insert().values(name="schema_version", value=str(SCHEMA_VERSION)))
            elif int(version) < SCHEMA_VERSION:
                newer = [name for since, names in _SINCE.items() if since > int(version) for name in names]
                _add_columns(connection, newer)
                connection.execute(
                    _state.update().where(_state.c.name == "schema_version").values(value=str(SCHEMA_VERSION))
                )

    def _check_readable(self) -> None:
        """Raises DatabaseError where there is no log of this schema to read."""
        database = self._engine.url.database
        if self._is_sqlite and not (database and Path(database).is_file()):
            raise DatabaseError(
                f"There is no database at {database!r} yet. Judge something first, or set WINNOW_DATABASE."
            )
        version = self.read_state("schema_version")
        self._refuse_newer(version)
        if version is not None and int(version) < SCHEMA_VERSION:
            raise DatabaseError(
                f"The database {self._url} was written by an older Winnow. Start its server once: that updates it."
            )

    def _refuse_newer(self, version: str | None) -> None:
        if version is not None and int(version) > SCHEMA_VERSION:
            raise DatabaseError(
                f"The database {self._url} has schema {version}; this Winnow knows {SCHEMA_VERSION}. Update Winnow."
            )

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with self._write_lock, self._explained(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _readable(self) -> Iterator[sa.Connection]:
        with self._explained(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise DatabaseError(
                f"The database {self._engine.url.render_as_string(hide_password=True)} failed: {error.orig}. "
                "This call is not acknowledged. Check the disk's space and the file's permissions, then try again."
            ) from error


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # a commit returns when the verdict is on disk
    connection.execute("PRAGMA busy_timeout=5000")


def _stored(connection: sa.Connection, new: NewVerdict, now: float) -> Verdict:
    values = {f.name: getattr(new, f.name) for f in fields(new)}
    box = values.pop("box_xyxy")
    sides = dict(zip(("x1", "y1", "x2", "y2"), box, strict=True)) if box else {}
    seq = _insert(connection, {**values, **sides, "created_at": now})
    return Verdict(**values, box_xyxy=box, seq=seq, created_at=now)


def _add_columns(connection: sa.Connection, names: Sequence[str]) -> None:
    for name in names:
        column = _events.c[name]
        kind = column.type.compile(connection.dialect)
        connection.execute(sa.text(f"ALTER TABLE {_events.name} ADD COLUMN {name} {kind}"))


def _insert(connection: sa.Connection, row: dict[str, Any]) -> int:
    key = connection.execute(_events.insert(), row).inserted_primary_key
    assert key is not None
    return key[0]


def _verdict_of(row: sa.RowMapping) -> Verdict:
    box = None if row["x1"] is None else (row["x1"], row["y1"], row["x2"], row["y2"])
    return Verdict(box_xyxy=box, **{f.name: row[f.name] for f in fields(Verdict) if f.name != "box_xyxy"})


def _with_items(verdict: Verdict, items: AutoItems) -> AutoVerdict:
    return AutoVerdict(**{f.name: getattr(verdict, f.name) for f in fields(Verdict)}, items=items)


def _undo_of(row: sa.RowMapping) -> Undo:
    return Undo(row["seq"], row["key"], row["undoes"], row["annotator"], row["created_at"])
