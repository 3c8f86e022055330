"""The forms of activities, from their registration to their confirmation."""

from registry.domain.form import Form

FORMS: tuple[Form, ...] = ()
