"""The forms of conduct: findings, due process, listings, commendations."""

from registry.domain.form import Form

FORMS: tuple[Form, ...] = ()
