"""The forms of gift campaigns (赠碳)."""

from registry.domain.form import Capacity, Form, named, one, seconded
from registry.domain.roles import OFFICER

_BOUND = one("account.bound.v1")
_UNBOUND = one("account.unbound.v1")

GIVE = Form(
    name="give",
    parts=(one("batch.given.v1"), one("campaign.given.v1")),
    signers=(named("organiser", "campaign.given.v1:organiser"),),
    equal=(
        ("campaign.given.v1:organiser", "batch.given.v1:organiser"),
        ("campaign.given.v1:batch", "batch.given.v1:@stream"),
    ),
)

FORMS: tuple[Form, ...] = (
    Form(
        name="open campaign",
        parts=(one("campaign.opened.v1"), _BOUND),
        signers=(named("organiser", "campaign.opened.v1:organiser"),),
        equal=(
            ("campaign.opened.v1:@stream", "account.bound.v1:to"),
            ("campaign.opened.v1:organiser", "account.bound.v1:@stream"),
        ),
    ),
    Form(
        name="fund campaign",
        parts=(
            one("batch.carved.v1"),
            one("batch.carved_out.v1", "batch.locked.v1"),
            one("campaign.funded.v1"),
        ),
        signers=(named("organiser", "campaign.funded.v1:organiser"),),
        equal=(
            ("batch.carved.v1:@stream", "batch.carved_out.v1:parent"),
            ("batch.carved.v1:child", "batch.locked.v1:@stream", "campaign.funded.v1:batch"),
            (
                "batch.carved.v1:holder",
                "batch.carved_out.v1:holder",
                "batch.locked.v1:holder",
                "batch.locked.v1:owner",
                "campaign.funded.v1:organiser",
            ),
            (
                "batch.carved.v1:amount_g",
                "batch.carved_out.v1:amount_g",
                "batch.locked.v1:amount_g",
                "campaign.funded.v1:amount_g",
            ),
            (
                "batch.carved.v1:standard",
                "batch.carved_out.v1:standard",
                "batch.locked.v1:standard",
                "campaign.funded.v1:standard",
            ),
        ),
    ),
    GIVE,
    seconded(GIVE, "campaign.given.v1:organiser"),
    Form(
        name="return gifts",
        parts=(one("batch.returned.v1"), one("campaign.returned.v1")),
        signers=(
            Capacity(name="organiser", field="campaign.returned.v1:organiser", instead=OFFICER),
        ),
        equal=(
            ("campaign.returned.v1:organiser", "batch.returned.v1:organiser"),
            ("campaign.returned.v1:batch", "batch.returned.v1:@stream"),
            ("campaign.returned.v1:amount_g", "batch.returned.v1:amount_g"),
        ),
    ),
    Form(
        name="close campaign",
        parts=(one("campaign.closed.v1"), _UNBOUND),
        signers=(
            Capacity(name="organiser", field="campaign.closed.v1:organiser", instead=OFFICER),
        ),
        equal=(
            ("campaign.closed.v1:@stream", "account.unbound.v1:to"),
            ("campaign.closed.v1:organiser", "account.unbound.v1:@stream"),
        ),
    ),
)
