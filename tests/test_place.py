"""Where a registry is, and how its address is shown."""

from pathlib import Path

import pytest

from registry.place import Server, is_ambiguous, is_mistyped, read_place, redacted


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://h/x", "postgresql://h/x"),
        ("postgres://u@h:5432/x?sslmode=require", "postgres://u@h:5432/x?sslmode=require"),
        ("postgresql://u:secret@h:5432/x", "postgresql://u:***@h:5432/x"),
        ("postgresql://u:secret@h1:1,h2:2/x", "postgresql://u:***@h1:1,h2:2/x"),
        ("postgresql://:secret@h/x", "postgresql://:***@h/x"),
        ("postgresql://u:se/cr:et@h/x", "postgresql://u:***@h/x"),
        ("postgresql://u:se@cret@h/x", "postgresql://u:***@h/x"),
        ("postgresql://u:se?cr#et@h/x", "postgresql://***"),
        ("postgresql://u:se?host=c#et@h/x", "postgresql://u:***@h/x"),
        ("postgresql://h:1/x?Password=se@cret", "postgresql://***"),
        ("postgresql://u:secret@h/x?Password=secret", "postgresql://u:***@h/x?***"),
        ("postgresql://h/x?user=u&password=a&secret=1", "postgresql://h/x?***"),
        ("postgresql://h/x?user=u&password=a&secret", "postgresql://h/x?***"),
        ("POSTGRESQL://u:secret@h/x", "postgresql://u:***@h/x"),
        ("Postgres://u:secret@h/x", "postgres://u:***@h/x"),
        ("postgresql://u:se\ncret@h/x", "postgresql://u:***@h/x"),
        ("postgresql:///x?password=se@cret&user=u", "postgresql:///x?password=***&user=u"),
        ("postgresql://h/x?user=u&p%61ssword=secret", "postgresql://h/x?user=u&p%61ssword=***"),
        ("postgresql://h/x?passfile=secret", "postgresql://h/x?passfile=***"),
        ("postgresql://h/x?sslpassword=secret", "postgresql://h/x?sslpassword=***"),
        ("postgresql://u:secret@[::1", "postgresql://u:***@[::1"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    place = read_place(url, Path("state"))

    assert isinstance(place, Server)
    assert str(place) == shown
    assert repr(place) == f"Server({shown}, state=state)"


@pytest.mark.parametrize(
    ("url", "ambiguous"),
    [
        ("postgresql://h/x", False),
        ("postgresql://u@h/x?sslmode=require", False),
        ("postgresql://u:secret@h1:1,h2:2/x", False),
        ("postgresql://u:se%2Fcr%40et@h/x", False),
        ("postgresql://u:se/cret@h/x", True),
        ("postgresql://u:se@cret@h/x", True),
        ("postgresql://u:se?cret@h/x", True),
        ("postgresql://u:se#cret@h/x", True),
    ],
)
def test_an_address_is_ambiguous_whose_password_ends_too_early(
    url: str, *, ambiguous: bool
) -> None:
    assert is_ambiguous(url) is ambiguous


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("postgresql:/u:secret@h/x", "postgresql:***"),
        ("Postgres:u:secret@h/x", "Postgres:***"),
        ("postgresql+psycopg://u:secret@h/x", "postgresql+psycopg:***"),
        ("https://u:secret@h/x", "https:***"),
        ("host=h password=secret:1", "host=***"),
        ("PASSWORD = secret", "PASSWORD =***"),
        ("application_name=x user=u password=secret", "application_name=***"),
    ],
)
def test_what_is_meant_for_an_address_and_is_none_is_known_and_not_shown(
    typed: str, shown: str
) -> None:
    assert is_mistyped(typed)
    assert redacted(typed) == shown


@pytest.mark.parametrize("path", ["registry", "/srv/registry", "password", "a:b", "postgresql", ""])
def test_all_else_is_a_path(path: str) -> None:
    assert read_place(path) == Path(path)
    assert not is_mistyped(path)


def test_a_server_is_not_mistyped() -> None:
    assert not is_mistyped("PostgreSQL://u:secret@h/x?user=u")
