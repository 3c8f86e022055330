"""The forms of activities, from their registration to their confirmation."""

from registry.domain.form import Capacity, Form, named, one

FORMS: tuple[Form, ...] = (
    Form(
        name="file activity",
        parts=(one("activity.filed.v1"),),
        signers=(named("organiser", "activity.filed.v1:organiser"),),
    ),
    Form(
        name="receive activity",
        parts=(one("activity.received.v1"),),
        signers=(named("authority", "activity.received.v1:authority", "authority"),),
    ),
    Form(
        name="account emissions",
        parts=(one("activity.accounted.v1"),),
        signers=(named("organiser", "activity.accounted.v1:organiser"),),
    ),
    Form(
        name="state measures",
        parts=(one("activity.measures_stated.v1"),),
        signers=(named("organiser", "activity.measures_stated.v1:organiser"),),
    ),
    Form(
        name="offset activity",
        parts=(one("certificate.assigned.v1"), one("activity.offset.v1")),
        signers=(
            named("holder", "certificate.assigned.v1:holder"),
            Capacity(name="organiser", field="activity.offset.v1:organiser", once=True),
        ),
        equal=(
            ("certificate.assigned.v1:@stream", "activity.offset.v1:certificate"),
            ("certificate.assigned.v1:activity", "activity.offset.v1:@stream"),
        ),
    ),
    Form(
        name="confirm activity",
        parts=(one("activity.confirmed.v1"), one("certificate.concluded.v1")),
        signers=(named("confirmer", "activity.confirmed.v1:confirmer"),),
        equal=(("activity.confirmed.v1:@stream", "certificate.concluded.v1:activity"),),
    ),
    Form(
        name="publish activity",
        parts=(one("activity.published.v1"),),
        signers=(named("authority", "activity.published.v1:authority", "authority"),),
    ),
)
