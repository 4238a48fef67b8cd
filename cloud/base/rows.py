"""Rows as objects, asked for once: a session that sees one moment, and questions made once.

The one hot path beside the ORM's own loading: an ON asks for some twenty rows, and on SQLite all
who write wait meanwhile. There a statement goes to the driver as it was compiled, and what comes
back becomes the same objects that the ORM makes: one a row and session, its changes seen and
flushed, with the rows that belong to it. Elsewhere, and for what is asked seldom, the ORM asks.
"""

import sqlite3
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from operator import itemgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import Dialect, Select, bindparam, inspect, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import RelationshipProperty, Session
from sqlalchemy.orm.attributes import instance_state, set_committed_value

T = TypeVar("T")

_GOT = 200


class Rows(Generic[T]):
    """`Rows(select(Job).where(Job.device == bindparam("device")))`: a question for rows of one
    table. Words and whole numbers are given by name, one value for each."""

    def __init__(self, statement: Select[tuple[T]]) -> None:
        self._statement = statement
        self._quick: _Quick[T] | None = None

    def all(self, db: Session, **given: str | int | None) -> list[T]:
        """All rows of the answer."""
        return self._asked(db, given, flush=db.autoflush)

    def as_written(self, db: Session, **given: str | int | None) -> list[T]:
        """All rows that answer by what is written, though this session may have changed them
        since: for who looks at the objects anyway."""
        return self._asked(db, given, flush=False)

    def first(self, db: Session, **given: str | int | None) -> T | None:
        """The first row; None without any."""
        found = self.all(db, **given)
        return found[0] if found else None

    def _asked(self, db: Session, given: dict[str, Any], flush: bool) -> list[T]:
        driver = db.driver() if isinstance(db, OneMoment) else None
        if driver is not None:
            if self._quick is None:
                self._quick = _Quick(self._statement, db.connection().dialect)
            try:
                if flush:
                    self._quick.flushed(db)
                return self._quick.all(db, driver, given)
            except sqlite3.Error:
                pass  # a database that is gone or full: told below in the words of all others
        with nullcontext() if flush else db.no_autoflush:
            return list(db.scalars(self._statement, given).unique().all())


_BY_KEY: dict[Any, Rows[Any]] = {}  # by mapper: the row of a key


class OneMoment(Session):
    """Where nobody can change what a transaction has read, a row is asked for once.

    `populate_existing` and `with_for_update` mean nothing there. What was got is held, or the
    session would forget it as soon as nobody names it: of many the last ones, as long lists are
    read too.
    """

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self._got: deque[object] = deque(maxlen=_GOT)
        self._driver: sqlite3.Connection | None = None

    def driver(self) -> sqlite3.Connection | None:
        """Where this transaction's statements go to in the end; None if that is not SQLite."""
        if self._driver is None:
            connection = self.connection()
            if connection.dialect.name == "sqlite":
                self._driver = connection.connection.driver_connection
        return self._driver

    def commit(self) -> None:
        self._driver = None
        super().commit()

    def rollback(self) -> None:
        self._driver = None
        super().rollback()

    def close(self) -> None:
        self._driver = None
        super().close()

    def get(self, entity: Any, ident: Any, **given: Any) -> Any:
        for meaningless in ("populate_existing", "with_for_update", "options"):
            given.pop(meaningless, None)
        plain = isinstance(ident, str | int) and not any(given.values())
        row = self._by_key(entity, ident) if plain else super().get(entity, ident, **given)
        if row is not None:
            self._got.append(row)
        return row

    def get_one(self, entity: Any, ident: Any, **given: Any) -> Any:
        row = self.get(entity, ident, **given)
        if row is None:
            raise NoResultFound(f"no {entity.__name__} of this key")
        return row

    def _by_key(self, entity: Any, ident: str | int) -> Any:
        mapper = entity.__mapper__
        held = self.identity_map.get(mapper.identity_key_from_primary_key((ident,)))
        if held is not None:  # an expired one is looked at again
            return super().get(entity, ident) if instance_state(held).expired else held
        if mapper not in _BY_KEY:
            _BY_KEY[mapper] = Rows(select(entity).where(mapper.primary_key[0] == bindparam("id")))
        return _BY_KEY[mapper].first(self, id=ident)


class _Quick(Generic[T]):
    """One statement, compiled for the driver, and how a row of its answer becomes an object."""

    def __init__(self, statement: Select[tuple[T]], dialect: Dialect) -> None:
        mapper = self._mapper = inspect(statement.column_descriptions[0]["entity"])
        every = mapper.column_attrs
        columns = [one.columns[0] for one in every]
        compiled: Any = statement.with_only_columns(*columns).compile(dialect=dialect)
        self._sql, self._names, self._fixed = str(compiled), compiled.positiontup, compiled.params
        self._keys = [one.key for one in every]
        read = [one.type.dialect_impl(dialect).result_processor(dialect, None) for one in columns]
        self._read = [(at, how) for at, how in enumerate(read) if how is not None]
        self._id = itemgetter(*(columns.index(one) for one in mapper.primary_key))
        self._lone = len(mapper.primary_key) == 1
        self._beside = [_Beside(one, dialect) for one in mapper.relationships]
        self._tables = (mapper.class_, *(one.table for one in self._beside))

    def flushed(self, db: Session) -> None:
        """What the answer may depend on is written: changes of these tables, not of others."""
        changed = (*db.new, *db.dirty, *db.deleted)
        if any(isinstance(one, self._tables) for one in changed):
            db.flush()

    def all(self, db: Session, driver: sqlite3.Connection, given: dict[str, Any]) -> list[T]:
        told = self._fixed | given
        asked = [told[name] for name in self._names]
        return [self._object(db, driver, row) for row in driver.execute(self._sql, asked)]

    def _object(self, db: Session, driver: sqlite3.Connection, row: Sequence[Any]) -> T:
        id = self._id(row)
        key = self._mapper.identity_key_from_primary_key((id,) if self._lone else id)
        held: T | None = db.identity_map.get(key)
        if held is not None:  # nobody else can have changed it since
            if instance_state(held).expired:
                db.refresh(held)
            return held
        made: T = self._mapper.class_manager.new_instance()
        state = instance_state(made)
        values = list(row)
        for at, how in self._read:
            values[at] = how(values[at])
        made.__dict__.update(zip(self._keys, values, strict=True))
        for beside in self._beside:
            set_committed_value(made, beside.key, beside.rows.all(db, driver, {"id": id}))
        # As the ORM's own loading does it: `add` would look for what hangs on the row.
        state.key, state.session_id = key, db.hash_key
        db.identity_map.add(state)
        return made


class _Beside:
    """What belongs to a row and is always wanted with it, as the roles of a person."""

    def __init__(self, relation: RelationshipProperty[Any], dialect: Dialect) -> None:
        ((_own, other),) = relation.local_remote_pairs or ()
        self.key, self.table = relation.key, relation.entity.class_
        theirs = select(self.table).where(other == bindparam("id"))
        self.rows: _Quick[Any] = _Quick(theirs.order_by(*relation.order_by or ()), dialect)
