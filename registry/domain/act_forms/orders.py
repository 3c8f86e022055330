"""The forms of restoration orders (替代性生态修复)."""

from registry.domain.form import Form

FORMS: tuple[Form, ...] = ()
