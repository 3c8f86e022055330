"""Activities: the form filed, emissions accounted, certificates that offset them, and what they came to."""

from dataclasses import dataclass

from registry.acts.movements import hidden
from registry.acts.plan import Parts, Plan, known, single
from registry.acts.propose import Hidden, Setting

Means = tuple[int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A registration form, as in `activity.Filed`; names in the clear, to be committed to."""

    document: bytes
    name: str
    organisers: tuple[str, ...]
    category: str
    days: tuple[str, str]
    place_and_scale: tuple[str, int | None]
    """Where, and how many take part."""
    boundary: tuple[str, ...]
    emissions_g: tuple[int, int]
    """Expected, and planned to be offset."""
    method: str
    neutrality: str
    offsets: tuple[str, ...]
    due: str
    contact: str | None
    confirmation: str
    plan: bytes | None


def file(organiser: str, form: Form) -> Plan:
    """File the registration form."""
    (begins, ends), (expected_g, planned_g) = form.days, form.emissions_g
    place, scale = form.place_and_scale
    body = {
        "organiser": organiser,
        "form": form.document,
        "name": Hidden(value=form.name),
        "organisers": hidden(list(form.organisers)),
        "category": form.category,
        "begins": begins,
        "ends": ends,
        "place": place,
        "scale": scale,
        "boundary": tuple(sorted(form.boundary)),
        "expected_g": expected_g,
        "method": form.method,
        "neutrality": form.neutrality,
        "offsets": tuple(sorted(form.offsets)),
        "planned_g": planned_g,
        "due": form.due,
        "contact": hidden(form.contact),
        "confirmation": form.confirmation,
        "plan": form.plan,
    }

    def parts(setting: Setting) -> Parts:
        return [(setting.new("activity", 0), [("activity.filed.v1", body)])]

    return Plan(signers=(organiser,), parts=parts)


def receive(
    authority: str, activity: str, *, organiser: str, means: Means, receipt: str, document: bytes
) -> Plan:
    """The authority has received the form, which is the entry `means`."""
    body = {
        "means": means,
        "authority": authority,
        "organiser": organiser,
        "receipt": receipt,
        "document": document,
    }
    return single([authority], activity, "activity.received.v1", body)


def account(organiser: str, activity: str, *, emissions_g: int, method: str, report: bytes) -> Plan:
    """State what was emitted."""
    body = {"organiser": organiser, "emissions_g": emissions_g, "method": method, "report": report}
    return single([organiser], activity, "activity.accounted.v1", body)


def state_measures(organiser: str, activity: str, *, document: bytes) -> Plan:
    """State what was done to emit less."""
    body = {"organiser": organiser, "document": document}
    return single([organiser], activity, "activity.measures_stated.v1", body)


def offset(
    activity: str, certificate: str, *, organiser: str, holder: str, amount_g: int, means: Means
) -> Plan:
    """What a certificate stands for, which the entry `means` issued, offsets the activity."""
    assigned = {"means": means, "holder": holder, "activity": activity}
    used = {"organiser": organiser, "certificate": certificate, "amount_g": amount_g}
    signers = [holder] if holder == organiser else [holder, organiser]
    parts: Parts = [
        (certificate, [("certificate.assigned.v1", assigned)]),
        (activity, [("activity.offset.v1", used)]),
    ]
    return known(signers, parts)


def confirm(
    confirmer: str, activity: str, *, organiser: str, mode: str, public: bool, document: bytes
) -> Plan:
    """Confirm what the activity came to, with a certificate that says so."""
    body = {"organiser": organiser, "confirmer": confirmer, "mode": mode, "document": document}
    concluded = ("certificate.concluded.v1", {"activity": activity, "public": public})

    def parts(setting: Setting) -> Parts:
        confirmed = (activity, [("activity.confirmed.v1", body)])
        return [confirmed, (setting.new("certificate", 1), [concluded])]

    return Plan(signers=(confirmer,), parts=parts)


def publish(authority: str, activity: str, *, report: str) -> Plan:
    """The authority has published the activity in a `report` that was accepted."""
    body = {"authority": authority, "report": report}
    return single([authority], activity, "activity.published.v1", body)
