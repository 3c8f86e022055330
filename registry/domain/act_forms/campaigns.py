"""The forms of gift campaigns (赠碳)."""

from registry.domain.form import Form

FORMS: tuple[Form, ...] = ()
