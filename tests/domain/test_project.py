"""Projects: validated, registered, verified by another body, and never issued above what was verified."""

import pytest

from registry.domain.project import EXCLUDED, Monitoring
from tests.world import CREDITING, PERIOD, World, digest, refused, table

NEXT = ("2026-01-01", "2026-06-30")


@pytest.fixture
def world():
    return World().staffed()


def validates(world, project, by="validator"):
    body = {"document": digest("validated")}
    return world.do(by, parts=[(project, [("project.validated.v1", body)])])


def registers(world, project):
    return world.registers_project(project)


def test_a_project_comes_as_far_as_registered_step_by_step(world):
    project = world.lists()
    stages = [world.state(project).status]
    for step in (validates, registers):
        step(world, project)
        stages.append(world.state(project).status)

    state = world.state(project)
    assert stages == ["listed", "validated", "registered"]
    assert (state.owner, state.standard, state.crediting) == (
        (world["owner"].account,) * 2,
        "SCFG",
        CREDITING,
    )
    assert state.validator == (world["validator"].account,) * 2


def test_verified_grams_are_counted_by_period(world):
    project = world.registers()

    world.verifies(project, 70)
    world.verifies(project, 30, period=NEXT)

    monitored = world.state(project).monitored
    by = world["verifier"].account
    assert monitored[PERIOD] == Monitoring(verifier=by, verified_g=70)
    assert monitored[NEXT] == Monitoring(verifier=by, verified_g=30)


def test_one_report_is_never_issued_twice(world):
    project = world.registers()
    world.verifies(project, 100)

    world.issues(60, project=project)
    over = refused(world, lambda: world.issues(41, project=project))
    world.issues(40, project=project)
    none_left = refused(world, lambda: world.issues(1, project=project))

    assert over.code == none_left.code == "exceeds_verified"
    assert (over.facts["left_g"], none_left.facts["left_g"]) == (40, 0)
    assert world.state(project).monitored[PERIOD].issued_g == 100


@pytest.mark.parametrize(
    ("history", "act"),
    [
        ([], validates),
        ([], registers),
        ([], lambda w, p: w.verifies(p, 1)),
        ([], lambda w, p: w.issues(1, project=p)),
        ([World.lists], registers),
        ([World.lists], lambda w, p: w.verifies(p, 1)),
        ([World.lists], lambda w, p: w.issues(1, project=p)),
        ([World.lists, validates], validates),
        ([World.lists, validates], lambda w, p: w.verifies(p, 1)),
        ([World.lists, validates, registers], validates),
        ([World.lists, validates, registers], registers),
    ],
)
def test_nothing_is_done_to_a_project_before_its_turn_or_twice(world, history, act):
    project = "project/" + "a" * 16
    for step in history:
        project = step(world) if step is World.lists else step(world, project) and project

    refusal = refused(world, lambda: act(world, project))

    assert refusal.code == "out_of_order"


def test_a_project_is_listed_once(world):
    setting = world.setting(world["owner"])
    project = world.lists()
    body = {
        "owner": world["owner"].account,
        "standard": "SCFG",
        "method": "SCFG-001",
        "place": "510100",
        "crediting": CREDITING,
        "boundary": digest("boundary"),
        "excluded": EXCLUDED,
        "name": digest("name"),
    }

    refusal = refused(
        world, lambda: world.submit(setting, [(project, [("project.listed.v1", body)])])
    )

    assert refusal.code == "out_of_order"


@table(
    "changed, code",
    ({"standard": "NONE"}, "not_recognised"),
    ({"standard": "VCU"}, "foreign_standard"),
    ({"excluded": ()}, "not_excluded"),
    ({"excluded": EXCLUDED[1:]}, "not_excluded"),
    ({"excluded": (*EXCLUDED, "XX")}, "not_excluded"),
    ({"excluded": EXCLUDED[::-1]}, "malformed"),
    ({"crediting": ("2026-01-02", "2026-01-01")}, "malformed"),
    ({"place": "010100"}, "malformed"),
    ({"method": "-X"}, "malformed"),
    ({"owner": "account/" + "a" * 16}, "wrong_signers"),
)
def test_a_listing_is_refused(world, changed, code):
    refusal = refused(world, lambda: world.lists(**changed))

    assert refusal.code == code


def test_the_id_of_a_project_is_derived(world):
    setting = world.setting(world["owner"])
    world.lists()
    made = world.proposals[-1].intent.parts[0]

    refusal = refused(
        world, lambda: world.submit(setting, [("project/" + "b" * 16, list(made.events))])
    )

    assert refusal.code == "wrong_id"


@table(
    "changed, code",
    ({"period": PERIOD}, "period_overlaps"),
    ({"period": ("2025-12-31", "2026-01-31")}, "period_overlaps"),
    ({"period": ("2024-01-01", "2025-01-01")}, "period_overlaps"),
    ({"period": ("2024-01-01", "2026-01-31")}, "period_overlaps"),
    ({"period": ("2025-06-01", "2025-06-01")}, "period_overlaps"),
    ({"period": ("2019-12-31", "2020-06-30")}, "outside_crediting"),
    ({"period": ("2026-01-01", "2041-01-01")}, "outside_crediting"),
    ({"period": ("2026-01-01", "2026-09-22")}, "not_yet_happened"),
    ({"period": NEXT, "report": digest("the report")}, "document_used"),
    ({"period": NEXT, "amount_g": 0}, "malformed"),
)
def test_a_verification_is_refused(world, changed, code):
    project = world.registers()
    world.verifies(project, 100, report=digest("the report"))
    amount_g, others = changed.get("amount_g", 100), {**changed}
    others.pop("amount_g", None)

    refusal = refused(world, lambda: world.verifies(project, amount_g, **others))

    assert refusal.code == code


def test_today_in_china_may_be_verified(world):
    project = world.registers()

    world.verifies(project, 1, period=("2026-01-01", "2026-09-21"))

    assert world.state(project).monitored["2026-01-01", "2026-09-21"].verified_g == 1


@pytest.mark.parametrize("control", ["the same account", "the same controller", "the parent"])
def test_who_validated_does_not_verify(world, control):
    project = world.lists()
    validator = world["validator"].account
    by = "validator"
    if control == "the same controller":
        world.opens("daughter", role="validator", controller=validator)
        by = "daughter"
    if control == "the same account":
        world.grants(validator, "verifier")
        name = "validator"
    else:
        world.opens("sister", role="verifier", controller=validator)
        name = "sister"
    validates(world, project, by)
    registers(world, project)
    body = {"period": PERIOD, "amount_g": 1, "report": digest("report")}

    refusal = refused(world, lambda: world.verified_by(name, project, body))

    assert refusal.code == "same_body"


@table(
    "changed, code",
    ({"period": NEXT}, "not_verified"),
    ({"holder": "account/" + "a" * 16}, "not_the_owner"),
    ({"standard": "VCU"}, "wrong_standard"),
)
def test_an_issue_is_refused(world, changed, code):
    project = world.registers()
    world.verifies(project, 100)

    refusal = refused(world, lambda: world.issues(100, project=project, **changed))

    assert refusal.code == code
    assert world.state(project).monitored[PERIOD].issued_g == 0


def test_only_the_body_that_verified_issues(world):
    project = world.registers()
    world.verifies(project, 100)
    world.opens("rival", role="verifier")
    world.people["verifier"] = world["rival"]

    refusal = refused(world, lambda: world.issues(100, project=project))

    assert refusal.code == "not_the_verifier"


def test_allowances_need_a_year(world):
    world.recognises("CEA", credit_class="allowance")
    project = world.lists(standard="CEA")
    validates(world, project)
    registers(world, project)
    world.verifies(project, 5)

    refusal = refused(world, lambda: world.issues(5, project=project, standard="CEA"))

    assert refusal.code == "allowances_need_a_year"


def test_one_report_serves_one_project(world):
    first, second = world.registers(), world.registers()
    world.verifies(first, 100, report=digest("the report"))

    refusal = refused(world, lambda: world.verifies(second, 100, report=digest("the report")))

    assert (refusal.code, refusal.facts["project"]) == ("document_used", first)


def test_one_boundary_serves_one_project(world):
    first, second = world.registers(), world.lists(boundary=digest("the same forest"))
    third = world.lists(boundary=digest("the same forest"))
    for project in (second, third):
        validates(world, project)
    world.registers_project(second, digest("the same forest"))

    refusal = refused(world, lambda: world.registers_project(third, digest("the same forest")))

    assert (refusal.code, refusal.facts["project"]) == ("document_used", second)
    assert world.state(first).status == "registered"


def test_the_boundary_that_is_entered_is_the_one_declared(world):
    project = world.lists()
    validates(world, project)

    refusal = refused(world, lambda: world.registers_project(project, digest("another")))

    assert refusal.code == "document_differs"


def test_a_document_is_entered_in_the_project_s_own_standard(world):
    world.recognises("CDCER")
    project = world.registers()
    body = {"period": PERIOD, "amount_g": 5, "report": digest("report")}
    elsewhere = world.entered(project, digest("report"), standard="CDCER")

    refusal = refused(
        world,
        lambda: world.do("verifier", parts=[(project, [("project.verified.v1", body)]), elsewhere]),
    )

    assert refusal.code == "wrong_standard"


@pytest.mark.parametrize("role", ["validator", "verifier"])
def test_who_checks_a_project_is_independent_of_its_owner(world, role):
    world.opens("daughter", role=role, controller=world["owner"].account)
    project = world.lists()
    body = {"period": PERIOD, "amount_g": 5, "report": digest("report")}
    if role == "validator":
        refusal = refused(world, lambda: validates(world, project, "daughter"))
    else:
        validates(world, project)
        registers(world, project)
        refusal = refused(world, lambda: world.verified_by("daughter", project, body))

    assert refusal.code == "same_body"


# Suspended, reinstated, cancelled.


def says(world, project, step, *signers, **said):
    body = {"document": digest(step), **said}
    return world.do(
        *(signers or ("authority", "one")), parts=[(project, [(f"project.{step}.v1", body)])]
    )


def meant(added):
    return added.index, added.leaf


@pytest.mark.parametrize("steps", [(), (validates,), (validates, registers)], ids=len)
def test_a_project_goes_on_where_it_stood_when_it_was_suspended(world, steps):
    project = world.lists()
    for step in steps:
        step(world, project)
    before = world.state(project)

    suspended = meant(says(world, project, "suspended"))
    while_it_is = world.state(project)
    says(world, project, "reinstated", means=suspended)

    assert (while_it_is.status, while_it_is.suspended) == ("suspended", suspended[0])
    assert world.state(project) == before


def test_nothing_is_verified_or_issued_of_a_suspended_project(world):
    project = world.registers()
    world.verifies(project, 100)
    batch = world.issues(40, project=project)
    suspended = meant(says(world, project, "suspended"))

    verified = refused(world, lambda: world.verifies(project, 30, period=NEXT))
    issued = refused(world, lambda: world.issues(60, project=project))
    world.transfers(batch, "owner", "alice", 40)
    says(world, project, "reinstated", means=suspended)
    world.issues(60, project=project)

    assert (verified.code, issued.code) == ("out_of_order", "out_of_order")
    assert verified.facts["status"] == "suspended"
    assert world.state(project).monitored[PERIOD].issued_g == 100


def test_a_cancelled_project_never_goes_on_and_its_credits_are_their_holders(world):
    project = world.registers()
    world.verifies(project, 100)
    batch = world.issues(40, project=project)

    says(world, project, "cancelled")
    issued = refused(world, lambda: world.issues(60, project=project))
    world.retires(batch, "owner", 40)

    assert issued.facts["status"] == "cancelled"
    assert world.state(batch).retired_g == 40


def test_a_suspended_project_may_be_cancelled(world):
    project = world.lists()
    says(world, project, "suspended")

    says(world, project, "cancelled")

    assert (world.state(project).status, world.state(project).suspended) == ("cancelled", None)


def test_a_project_says_where_it_is(world):
    project = world.lists(place="511500")

    assert world.state(project).place == "511500"


@table(
    "act, code",
    (lambda w, p: says(w, p, "suspended", "one", "two"), "role_missing"),
    (lambda w, p: says(w, p, "suspended", "authority"), "wrong_signers"),
    (lambda w, p: says(w, p, "suspended", "owner", "one"), "role_missing"),
    (lambda w, p: says(w, p, "reinstated", means=w.issuing(p)), "out_of_order"),
    (lambda w, _p: says(w, "project/" + "a" * 16, "suspended"), "out_of_order"),
    (lambda w, _p: says(w, "project/" + "a" * 16, "cancelled"), "out_of_order"),
)
def test_no_project_is_stopped_so(world, act, code):
    project = world.lists()

    refusal = refused(world, lambda: act(world, project))

    assert refusal.code == code


def test_a_reinstatement_means_the_suspension_that_stands(world):
    project = world.lists()
    first = meant(says(world, project, "suspended"))
    says(world, project, "reinstated", means=first)
    says(world, project, "suspended")

    refusal = refused(world, lambda: says(world, project, "reinstated", means=first))

    assert refusal.code == "wrong_entry_meant"
    assert world.state(project).status == "suspended"


@table(
    "step, code",
    (lambda w, p: says(w, p, "suspended"), "out_of_order"),
    (validates, "out_of_order"),
    (lambda w, p: says(w, p, "cancelled"), "out_of_order"),
)
def test_after_its_cancellation_nothing_happens_to_a_project(world, step, code):
    project = world.lists()
    says(world, project, "cancelled")

    refusal = refused(world, lambda: step(world, project))

    assert refusal.code == code
