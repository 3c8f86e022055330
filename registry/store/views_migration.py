"""What `migrate` does for the tables of projections on a server: it makes those of this version of the software.

They are a cache, so that there are no steps from one version to the next: what another version made is dropped, made
anew and folded from the first entry. Who may write entries may write here, and who may read them may read.
"""

from collections.abc import Iterator, Mapping
from typing import Any, LiteralString

from psycopg import Connection, sql

from registry.projections.every import PROJECTIONS, TABLES
from registry.projections.table import POSITIONS, Kind, Projection
from registry.store.views_tables import BLANK, creation

NAMES = (POSITIONS, *(table.view for table in TABLES.values()))
KINDS: Mapping[Kind, str] = {"text": 'text COLLATE "C"', "integer": "bigint", "bytes": "bytea"}

_POSITIONS: LiteralString = """
CREATE TABLE view_positions (
    projection text COLLATE "C" PRIMARY KEY, definition text COLLATE "C" NOT NULL,
    tables text[] NOT NULL, size bigint NOT NULL, root bytea NOT NULL) WITH (fillfactor = 50);
REVOKE ALL ON view_positions FROM PUBLIC;
"""
_POSITION: LiteralString = """
INSERT INTO view_positions VALUES ({name}, {definition}, {tables}, {size}, {root})
ON CONFLICT (projection) DO UPDATE SET definition = excluded.definition, tables = excluded.tables,
    size = excluded.size, root = excluded.root;
"""
_KNOWN: LiteralString = "SELECT projection, definition, tables FROM {schema}.view_positions"
_THERE = """
SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relname = ANY (%s) ORDER BY relname
"""
_MAY: LiteralString = """
SELECT r.rolname FROM pg_class c, aclexplode(c.relacl) own JOIN pg_roles r ON r.oid = own.grantee
WHERE c.relnamespace = to_regnamespace(%s) AND c.relname = 'nonces' AND own.privilege_type = %s
    AND own.grantee <> c.relowner
ORDER BY r.rolname
"""
WRITING: LiteralString = "SELECT, INSERT, UPDATE, DELETE"
READING: LiteralString = "SELECT"


def there(connection: Connection[Any], schema: str) -> list[str]:
    """Which of NAMES something in the schema has."""
    return [row[0] for row in connection.execute(_THERE, [schema, list(NAMES)]).fetchall()]


def in_the_way(connection: Connection[Any], schema: str) -> list[str]:
    """What has the name of a table of ours, and is none: what `migrate` made is told of in the positions."""
    found = there(connection, schema)
    return [] if POSITIONS in found else found


def statements(connection: Connection[Any], schema: str) -> Iterator[sql.SQL | sql.Composed]:
    """What makes the tables of this version of the software, and lets those into them who are let into the log's."""
    found = there(connection, schema)
    known: dict[str, tuple[str, list[str]]] = {}
    if POSITIONS in found:
        asked = sql.SQL(_KNOWN).format(schema=sql.SQL(schema))
        known = {row[0]: (row[1], row[2]) for row in connection.execute(asked).fetchall()}
    else:
        yield sql.SQL(_POSITIONS)
        yield from _granted(connection, schema, [POSITIONS])
    for own in PROJECTIONS:
        tables = [table.view for table in own.tables]
        definition, before = known.get(own.name, ("", []))
        if definition != own.definition or not set(tables) <= set(found):
            yield from _made(own, before)
            yield from _granted(connection, schema, tables)


def _made(own: Projection, before: list[str]) -> Iterator[sql.SQL | sql.Composed]:
    """The tables of a projection, instead of those of the version before."""
    tables = [table.view for table in own.tables]
    for name in dict.fromkeys([*before, *tables]):
        yield sql.SQL("DROP TABLE IF EXISTS {name};\n").format(name=sql.Identifier(name))
    for statement in creation(own, KINDS, ""):
        yield sql.SQL(f"{statement};\n")
    for name in tables:
        yield sql.SQL("REVOKE ALL ON {name} FROM PUBLIC;\n").format(name=sql.Identifier(name))
    yield sql.SQL(_POSITION).format(
        name=sql.Literal(own.name),
        definition=sql.Literal(own.definition),
        tables=sql.Literal(tables),
        size=sql.Literal(BLANK.size),
        root=sql.Literal(BLANK.root),
    )


def _granted(
    connection: Connection[Any], schema: str, tables: list[str]
) -> Iterator[sql.SQL | sql.Composed]:
    for privilege, rights in (("SELECT", READING), ("INSERT", WRITING)):
        for (role,) in connection.execute(_MAY, [schema, privilege]).fetchall():
            for name in tables:
                grant: LiteralString = f"GRANT {rights} ON {{name}} TO {{role}};\n"
                yield sql.SQL(grant).format(name=sql.Identifier(name), role=sql.Identifier(role))
