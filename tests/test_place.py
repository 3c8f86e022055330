"""Where a registry is, and how its address is shown."""

from pathlib import Path

import pytest

from registry.place import Server, is_ambiguous, read_place


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
        ("postgresql://u:se?cr#et@h/x", "postgresql://u:***@h/x"),
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


@pytest.mark.parametrize("path", ["registry", "/srv/registry", "postgresql:x", "https://h/x"])
def test_all_else_is_a_path(path: str) -> None:
    assert read_place(path) == Path(path)
