"""One writer a database: a lock that a second server is refused by, and that the system takes back from a dead one."""

from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from filelock import FileLock, Timeout

from winnow.errors import DatabaseError

POSTGRES_LOCK = 0x57494E4E  # the advisory lock's number, "WINN"
_LOCKED = (
    "Another Winnow server has the database {} open. Use that one, stop it, or set WINNOW_DATABASE to another database."
)


class WriterLock(Protocol):
    """A held lock."""

    def release(self) -> None: ...


def lock_out_others(engine: sa.Engine) -> WriterLock:
    """The writer's lock of a database; raises DatabaseError where another server holds it or it cannot be had."""
    if engine.dialect.name != "sqlite":
        return _PostgresLock(engine)
    database = engine.url.database
    if not database or database == ":memory:":
        raise DatabaseError(f"WINNOW_DATABASE is {str(engine.url)!r}, which is lost at exit. Name a file.")
    path = Path(database)
    if not path.parent.is_dir():
        raise DatabaseError(f"The database's folder {path.parent} does not exist. Make it, or set WINNOW_DATABASE.")
    lock = FileLock(f"{path}.lock", thread_local=False)  # opened by one thread, closed by another
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise DatabaseError(_LOCKED.format(path)) from error
    except OSError as error:
        raise DatabaseError(f"The database {path} cannot be locked: {error}. Make its folder writable.") from error
    return lock


class _PostgresLock:
    """A session-level advisory lock, held on a connection of its own until released."""

    def __init__(self, engine: sa.Engine) -> None:
        try:
            self._connection = engine.connect()
        except sa.exc.DBAPIError as error:
            raise DatabaseError(f"WINNOW_DATABASE cannot be reached: {error.orig}. Is the server running?") from error
        if not self._connection.execute(sa.select(sa.func.pg_try_advisory_lock(POSTGRES_LOCK))).scalar():
            self._connection.close()
            raise DatabaseError(_LOCKED.format(engine.url.render_as_string(hide_password=True)))
        self._connection.commit()  # the lock is the session's; no transaction needs to stay open

    def release(self) -> None:
        self._connection.invalidate()  # ends the database session, and the lock with it; close() alone would pool it
        self._connection.close()
