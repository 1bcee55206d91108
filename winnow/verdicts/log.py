"""The append-only log of verdicts: what is in it is on disk, and nothing in it is ever changed or removed."""

import re
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
from winnow.verdicts.auto_items import AutoItems, read_items, write_items
from winnow.verdicts.locking import lock_out_others
from winnow.verdicts.schema import auto_items, bring_up_to_date, check_up_to_date, events, state

Kind = Literal["verdict", "miss", "complete", "reject", "auto"]
_PASSWORD = re.compile(r"(?<=:)[^:@/]+(?=@)")


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
        self._write_lock = threading.Lock()
        try:
            self._engine = sa.create_engine(url)
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
            raise DatabaseError(
                f"WINNOW_DATABASE is {_PASSWORD.sub('***', url)!r}: {error}. Use a URL such as "
                "sqlite:////data/winnow.db, and install the database's driver."
            ) from error
        self._is_sqlite = self._engine.dialect.name == "sqlite"
        if self._is_sqlite:
            sa.event.listen(self._engine, "connect", _set_pragmas)
        self._process_lock = lock_out_others(self._engine) if is_writer else None
        try:
            if is_writer:
                with self._transaction() as connection:
                    bring_up_to_date(connection)
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
            write_items(connection, auto_items, verdict.seq, items)
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
        later = sa.select(events).where(events.c.seq > after).order_by(events.c.seq)
        with self._readable() as connection:
            for row in connection.execute(later).mappings():
                if row["kind"] == "auto":
                    yield _with_items(_verdict_of(row), read_items(connection, auto_items, row["seq"]))
                else:
                    yield _undo_of(row) if row["kind"] == "undo" else _verdict_of(row)

    def read_state(self, name: str) -> str | None:
        """A remembered setting, such as the strategy chosen on the page."""
        with self._readable() as connection:
            return connection.execute(sa.select(state.c.value).where(state.c.name == name)).scalar()

    def read_states(self, prefix: str) -> dict[str, str]:
        """All remembered settings whose names begin so, without the prefix."""
        begins = state.c.name.startswith(prefix, autoescape=True)
        with self._readable() as connection:
            rows = connection.execute(sa.select(state.c.name, state.c.value).where(begins)).all()
        return {name.removeprefix(prefix): value for name, value in rows}

    def write_state(self, name: str, value: str) -> None:
        insert = (sqlite if self._is_sqlite else postgresql).insert(state).values(name=name, value=value)
        with self._transaction() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"value": value}))

    def _check_readable(self) -> None:
        """Raises DatabaseError where there is no log of today's schema to read."""
        database = self._engine.url.database
        if self._is_sqlite and not (database and Path(database).is_file()):
            raise DatabaseError(
                f"There is no database at {database!r} yet. Judge something first, or set WINNOW_DATABASE."
            )
        with self._readable() as connection:
            check_up_to_date(connection)

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


def _insert(connection: sa.Connection, row: dict[str, Any]) -> int:
    key = connection.execute(events.insert(), row).inserted_primary_key
    assert key is not None
    return key[0]


def _verdict_of(row: sa.RowMapping) -> Verdict:
    box = None if row["x1"] is None else (row["x1"], row["y1"], row["x2"], row["y2"])
    return Verdict(box_xyxy=box, **{f.name: row[f.name] for f in fields(Verdict) if f.name != "box_xyxy"})


def _with_items(verdict: Verdict, items: AutoItems) -> AutoVerdict:
    return AutoVerdict(**{f.name: getattr(verdict, f.name) for f in fields(Verdict)}, items=items)


def _undo_of(row: sa.RowMapping) -> Undo:
    return Undo(row["seq"], row["key"], row["undoes"], row["annotator"], row["created_at"])
