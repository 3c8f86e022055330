"""The act forms: what stands together, what is equal in it, who signs; and who is heard at the gate."""

import pytest

from registry.domain.act_forms.batches import BATCHES_PER_RETIREMENT_MAX
from registry.domain.batch import import_nonce
from registry.ledger import ids
from tests.world import GRAMS, PERIOD, Person, World, digest, refused, table

NOBODY = "account/" + "a" * 16


@pytest.fixture
def world():
    return World().staffed()


@pytest.fixture
def batch(world):
    return world.issues(1_000)


def standing(world, batch, number, *events):
    """Parts made of named events, each where it belongs."""
    of = {
        "transferred": (batch, world.transferred("owner", "alice", 1)),
        "retired": (batch, world.retired("owner", 1)),
        "certificate": (number, world.certificate(activity=None, organisers=None)),
        "granted": (
            "registry",
            ("registry.role_granted.v1", {"account": NOBODY, "role": "court"}),
        ),
    }
    parts = {}
    for event in events:
        stream, made = of[event]
        parts.setdefault(stream, []).append(made)
    return list(parts.items())


@pytest.mark.parametrize(
    "events",
    [
        ("retired",),
        ("certificate",),
        ("certificate", "retired"),
        ("transferred", "certificate"),
        ("transferred", "transferred"),
        ("transferred", "retired", "certificate"),
        ("retired", "retired", "certificate"),
        ("retired", "certificate", "certificate"),
        ("retired", "certificate", "granted"),
        ("granted", "granted"),
        ("granted", "retired", "certificate"),
    ],
    ids="+".join,
)
def test_what_is_no_form_is_no_act(world, batch, events):
    setting = world.setting(world["owner"])
    number = setting.new("certificate", 1)

    refusal = refused(world, lambda: world.submit(setting, standing(world, batch, number, *events)))

    assert refusal.code == "unknown_form"


def test_a_retirement_with_its_certificate_is_an_act(world, batch):
    setting = world.setting(world["owner"])
    number = setting.new("certificate", 1)

    world.submit(setting, standing(world, batch, number, "retired", "certificate"))

    assert world.state(number).amount_g == 1


def holds_of(world, count):
    """What retires one gram of each of `count` batches."""
    project = world.registers()
    world.verifies(project, count)
    batches = [world.issues(1, project=project) for _ in range(count)]
    setting = world.setting(world["owner"])
    number = setting.new("certificate", count)
    parts = [(batch, [world.retired("owner", 1)]) for batch in batches]

    def retires():
        world.submit(setting, [*parts, (number, [world.certificate()])])
        return number

    return retires


def test_a_retirement_takes_from_sixteen_batches_and_not_one_more(world):
    number = holds_of(world, BATCHES_PER_RETIREMENT_MAX)()
    one_more = holds_of(world, BATCHES_PER_RETIREMENT_MAX + 1)

    refusal = refused(world, one_more)

    assert refusal.code == "unknown_form"
    assert world.state(number).amount_g == BATCHES_PER_RETIREMENT_MAX


def issue_with(world, **changed):
    """An issue in which the project's side says something else than the batch's."""
    project = world.registers()
    world.verifies(project, 10)
    setting = world.setting(world["verifier"], world["authority"])
    batch = setting.new("batch", 1)
    body = {
        "project": project,
        "standard": "SCFG",
        "period": PERIOD,
        "amount_g": 5,
        "holder": world["owner"].account,
    }
    against = {"batch": batch, "period": PERIOD, "amount_g": 5, **changed}
    parts = [
        (project, [("project.issued.v1", against)]),
        (batch, [("batch.issued.v1", body)]),
    ]
    return lambda: world.submit(setting, parts)


@pytest.mark.parametrize(
    "changed",
    [
        {"amount_g": 6},
        {"amount_g": 4},
        {"period": ("2025-01-01", "2025-12-30")},
        {"batch": "batch/" + "a" * 16},
    ],
    ids=str,
)
def test_both_sides_of_an_issue_say_the_same(world, changed):
    act = issue_with(world, **changed)

    refusal = refused(world, act)

    assert refusal.code == "parts_differ"
    assert refusal.facts["form"] == "issue"


def test_an_issue_names_the_project_that_it_touches(world):
    other = world.lists()
    project = world.registers()
    world.verifies(project, 10)

    refusal = refused(
        world,
        lambda: issued_as(world, project, other),
    )

    assert refusal.code == "parts_differ"


def issued_as(world, project, named):
    setting = world.setting(world["verifier"], world["authority"])
    batch = setting.new("batch", 1)
    against = {"batch": batch, "period": PERIOD, "amount_g": 5}
    body = {
        "project": named,
        "standard": "SCFG",
        "period": PERIOD,
        "amount_g": 5,
        "holder": world["owner"].account,
    }
    return world.submit(
        setting,
        [(project, [("project.issued.v1", against)]), (batch, [("batch.issued.v1", body)])],
    )


@pytest.mark.parametrize("changed", ["standard", "batch"])
def test_both_sides_of_a_deposit_say_the_same(world, changed):
    world.recognises("GS", home="GS", serial_format=(3, (0,), 1, 2))
    setting = world.setting(world["exchange"], world["one"])
    batch = setting.new("batch", 1)
    body = {
        "standard": "GS" if changed == "standard" else "VCU",
        "period": PERIOD,
        "amount_g": GRAMS,
        "holder": world["owner"].account,
        "custodian": world["exchange"].account,
        "document": digest("x"),
        "retired_at_home": False,
    }
    named = "batch/" + "a" * 16 if changed == "batch" else batch
    units = {"batch": named, "home_serials": "A-1-1"}
    parts = [
        ("standard/VCU", [("standard.deposited.v1", units)]),
        (batch, [("batch.deposited.v1", body)]),
    ]

    refusal = refused(world, lambda: world.submit(setting, parts))

    assert refusal.code == "parts_differ"


def test_a_certificate_is_of_one_holder(world, batch):
    world.transfers(batch, "owner", "alice", 10)
    other = world.issues(10)
    setting = world.setting(world["owner"])
    parts = [
        (batch, [world.retired("alice", 1)]),
        (other, [world.retired("owner", 1)]),
        (setting.new("certificate", 2), [world.certificate()]),
    ]

    refusal = refused(world, lambda: world.submit(setting, parts))

    assert refusal.code == "parts_differ"


def transfers_signed_by(*people, **changed):
    return lambda w, b: w.do(*people, parts=[(b, [w.transferred("owner", "alice", 1, **changed)])])


def imports_signed_by(*people):
    def act(w, b):
        nonce = import_nonce(digest("list"), 1)
        number = f"certificate/{ids.derived_id(w.log, 'registry', nonce, 0)}"
        _, body = w.retired("owner", 1)
        body |= {"source": digest("list"), "row": 1, "month": "2026-01"}
        parts = [
            (b, [("batch.retirement_imported.v1", body)]),
            (number, [w.certificate()]),
        ]
        return w.do(*people, parts=parts, nonce=nonce)

    return act


def grants_signed_by(*people):
    return lambda w, _: w.grants(w["alice"].account, "court", *people)


@table(
    "act, code",
    (transfers_signed_by("alice"), "wrong_signers"),
    (transfers_signed_by("one"), "wrong_signers"),
    (transfers_signed_by("owner", "one"), "wrong_signers"),
    (transfers_signed_by("owner", "alice"), "wrong_signers"),
    (transfers_signed_by("alice", "owner"), "wrong_signers"),
    (transfers_signed_by("owner", "exchange"), "wrong_signers"),
    (imports_signed_by("one"), "wrong_signers"),
    (imports_signed_by("owner"), "wrong_signers"),
    (imports_signed_by("owner", "one"), "role_missing"),
    (imports_signed_by("one", "alice"), "wrong_signers"),
    (imports_signed_by("one", "owner", "two"), "wrong_signers"),
    (imports_signed_by("alice", "owner"), "role_missing"),
    (imports_signed_by("authority", "owner"), "role_missing"),
    (grants_signed_by("one"), "wrong_signers"),
    (grants_signed_by("one", "two", "alice"), "wrong_signers"),
    (grants_signed_by("one", "alice"), "role_missing"),
    (grants_signed_by("alice", "two"), "role_missing"),
)
def test_exactly_those_sign_whom_the_form_wants_in_its_order(world, batch, act, code):
    refusal = refused(world, lambda: act(world, batch))

    assert refusal.code == code


def test_a_trade_needs_the_exchange_that_it_names(world, batch):
    exchange = world["exchange"].account
    act = transfers_signed_by("owner", venue=exchange)
    other = transfers_signed_by("owner", "one", venue=exchange)

    alone = refused(world, lambda: act(world, batch))
    wrong = refused(world, lambda: other(world, batch))

    assert alone.code == wrong.code == "wrong_signers"
    assert alone.facts["expected"] == [world["owner"].account, exchange]


def test_who_is_no_exchange_is_no_venue(world, batch):
    act = transfers_signed_by("owner", "bob", venue=world["bob"].account)

    refusal = refused(world, lambda: act(world, batch))

    assert refusal.code == "role_missing"
    assert refusal.facts["role"] == ["exchange"]


def test_two_signatures_are_not_two_persons(world):
    daughter = world.opens("daughter", role="officer", controller=world["one"].account)

    refusal = refused(world, lambda: world.grants(daughter.account, "court", "one", "daughter"))

    assert refusal.code == "not_distinct"
    assert refusal.facts["controllers"] == [world["one"].account] * 2


def test_two_daughters_of_one_parent_are_not_two_persons(world):
    parent = world["alice"].account
    world.opens("first", role="officer", controller=parent)
    world.opens("second", role="officer", controller=parent)

    refusal = refused(world, lambda: world.grants(parent, "court", "first", "second"))

    assert refusal.code == "not_distinct"


def issue_by(*people):
    def act(world):
        project = world.registers()
        world.verifies(project, 10)
        setting = world.setting(*(world[name] for name in people))
        batch = setting.new("batch", 1)
        against = {"batch": batch, "period": PERIOD, "amount_g": 5}
        body = {
            "project": project,
            "standard": "SCFG",
            "period": PERIOD,
            "amount_g": 5,
            "holder": world["owner"].account,
        }
        parts = [
            (project, [("project.issued.v1", against)]),
            (batch, [("batch.issued.v1", body)]),
        ]
        return lambda: world.submit(setting, parts)

    return act


@table(
    "act, code",
    (issue_by("verifier"), "wrong_signers"),
    (issue_by("verifier", "verifier"), "malformed"),
    (issue_by("authority", "verifier"), "role_missing"),
    (issue_by("verifier", "one"), "role_missing"),
    (issue_by("owner", "authority"), "role_missing"),
)
def test_an_issue_needs_the_verifier_and_the_authority(world, act, code):
    submit = act(world)

    refusal = refused(world, submit)

    assert refusal.code == code


def test_a_verifier_that_is_the_authority_too_does_not_issue_with_itself(world):
    world.opens("bureau", role="authority", controller=world["verifier"].account)
    submit = issue_by("verifier", "bureau")(world)

    refusal = refused(world, submit)

    assert refusal.code == "not_distinct"


def test_what_is_no_account_signs_nothing_that_accounts_sign(world, batch):
    world.people["registry"] = Person("log", "registry")
    world.people["bearer"] = Person("bearer", ids.bearer(Person("bearer").key))

    by_registry = refused(world, lambda: imports_signed_by("registry", "owner")(world, batch))
    by_bearer = refused(world, lambda: imports_signed_by("bearer", "owner")(world, batch))

    assert (by_registry.code, by_bearer.code) == ("role_missing", "key_not_valid")


@table(
    "stream, kind, code",
    ("registry", "registry.crowned.v1", "unknown_kind"),
    ("registry", "registry.role_granted.v2", "unknown_kind"),
    ("campaign/" + "a" * 16, "campaign.opened.v2", "unknown_kind"),
    (NOBODY, "registry.role_granted.v1", "wrong_stream"),
    ("batch/" + "a" * 15, "batch.retired.v1", "wrong_stream"),
    ("batch/" + "A" * 16, "batch.retired.v1", "wrong_stream"),
    ("batch/" + "1" * 16, "batch.retired.v1", "wrong_stream"),
    ("certificate/" + "a" * 16, "batch.retired.v1", "wrong_stream"),
    ("account/" + "a" * 48, "account.key_ended.v1", "wrong_stream"),
    ("registry", "registry.role_granted.v1", "malformed"),
)
def test_a_kind_stands_in_its_own_kind_of_stream(world, stream, kind, code):
    refusal = refused(world, lambda: world.do("one", parts=[(stream, [(kind, {})])]))

    assert refusal.code == code
