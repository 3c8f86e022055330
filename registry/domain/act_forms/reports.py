"""The forms of the official lists and tables."""

from registry.domain.form import Form

FORMS: tuple[Form, ...] = ()
