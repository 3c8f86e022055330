"""Who may ask what: every route by everybody, written down in one table; and nobody reads a name that is not theirs.

A route that is in no row fails. What is refused changes nothing, and says nothing of whom it would concern.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from registry.api.acts.every import ACTS
from registry.api.principals import OVERSEERS
from registry.desk import account_life, campaigns, conduct, movements, orders, retirements, roles
from registry.desk.ask import Ask
from registry.store.clock import wall_us
from registry.store.log import Moment
from tests.api.conftest import HOUR_US, Api, served
from tests.api.processes import size_of
from tests.books import digest, live_at
from tests.desks import does
from tests.test_cli_ordering import in_days
from tools.api_page import operations

SECRET = "秘密SECRET"
"""In every name that is not public, and nowhere else."""
ROLES = ("authority", "court", "exchange", "operator", "procuratorate", "verifier")

TABLE: tuple[tuple[str, str], ...] = (
    ("GET /(health|ready|metrics)", "machines"),
    ("GET /v1/(log|streams)(/.*)?", "anybody"),
    ("GET /v1/certificates/{number}(/(proof|dossier|witnesses))?", "anybody"),
    ("GET /v1/certificates", "anybody"),
    ("GET /v1/(retirements|retired|shares|verdicts|awaited|witnesses|honours)(/.*)?", "anybody"),
    ("GET /v1/accounts/{account}/(certificates|retirements|honours|roles|activities)", "anybody"),
    ("GET /v1/(accounts/{account}/)?conduct/commendations", "anybody"),
    ("GET /v1/(roles|policies|standards|projects|monitored)(/.*)?", "anybody"),
    ("GET /v1/(batches|batches/{batch}|projects/{project}/batches)", "anybody"),
    ("GET /v1/batches/{batch}/(retired|funds|lots)", "anybody"),
    ("GET /v1/(campaigns|funds|activities|offsets|reports)(/.*)?", "anybody"),
    ("GET /v1/(orders|instalments|lots|performances)(/.*)?", "anybody"),
    ("GET /v1/(grams|papers)/.*", "anybody"),
    ("GET /v1/lists/(blacklist|board|breaches|green|overdue)", "anybody"),
    ("POST /v1/(verify|papers/reconcile)", "anybody"),
    ("POST /v1/intents", "whoever has the signatures"),
    ("GET /v1/accounts/{account}(/.*)?", "own"),
    ("GET /v1/batches/{batch}/(gifts|holdings|locks|ties|transfers)", "mine"),
    ("GET /v1/(accounts|holdings|ties|freezes|consents|mandates|bonds|gifts|offers)", "mine"),
    ("GET /v1/(conduct|conduct/steps|locks|notices|notices/told|transfers)", "mine"),
    ("GET /v1/lists/(balances|offers|untold)", "mine"),
    ("GET /v1/(me|jobs)", "login"),
    ("(GET|DELETE) /v1/jobs/{job}.*", "login"),
    ("(GET|POST) /v1/audits(/.*)?", "scope audit"),
    ("(GET|POST|DELETE) /v1/keys(/.*)?", "scope keys"),
    ("(GET|POST|DELETE) /v1/webhooks(/.*)?", "scope webhooks"),
    ("POST /v1/signatures", "scope sign"),
    ("POST /v1/campaigns/{campaign}/give", "act"),
    ("POST /v1/retirements/for-list", "act"),
    ("POST /v1/batches/import-books", "act"),
    *((f"POST /v1{act.path}", "act") for act in ACTS if act.ask.borne_by is Ask.borne_by),
    *((f"POST /v1{act.path}", "bearer") for act in ACTS if act.ask.borne_by is not Ask.borne_by),
)
"""Which routes, as regular expressions but for what is in braces; and who. The first that fits is meant."""

UNCONCERNED = ("nobody", "narrow", "stranger", "former", "verifier", "exchange")
BARRED = ("expired", "revoked")


@dataclass
class World:
    """A registry in which something happened that is nobody else's, its server, and everybody who may ask."""

    api: Api
    who: dict[str, dict[str, str]]
    named: dict[str, str]
    log: Path

    def ask(self, principal: str, method: str, path: str, *, dry: bool = False) -> Any:
        headers = {"Idempotency-Key": f"{principal} {path}", **self.who[principal]}
        query = {"mode": "dry-run"} if dry else {}
        if method in {"GET", "DELETE"}:
            filled = self.filled(path, {})
            return self.api.client.request(method, filled, headers=headers)
        said = EXAMPLES.get(path.removeprefix("/v1"), {})
        body = {name: value for name, value in said.items() if f"{{{name}}}" not in path}
        filled = self.filled(path, said)
        return self.api.client.post(filled, json=body, headers=headers, params=query)

    def filled(self, path: str, said: dict[str, Any]) -> str:
        """A path in which something stands that is there, as far as there is such a thing."""

        def value(found: re.Match[str]) -> str:
            name = found[1]
            text = str(self.named.get(name) or said.get(name) or "1")
            return text.partition("/")[2] if "/" in text and name != "stream" else text

        return re.sub(r"\{(\w+)\}", value, path)


def examples() -> dict[str, dict[str, Any]]:
    """The least that can be said of each act."""
    names = ("accounts", "activities", "batches", "campaigns", "certificates", "conduct", "gifts")
    more = ("offers", "orders", "projects", "registry", "reports", "retirements", "transfers")
    found: dict[str, dict[str, Any]] = {}
    for name in (*names, *more):
        found |= import_module(f"tests.api.examples.{name}").EXAMPLES
    return found


OWN = {"account": "account/uscc-91510100MA61RXYZ17"}
EXAMPLES = {
    "/keys": {"accounts": [OWN["account"]], "scopes": ["read"]},
    "/webhooks": {**OWN, "url": "https://example.org/hook", "topics": ["account"]},
    **examples(),
}
"""By path; what is no act, too."""


@pytest.fixture(scope="module")
def world(courthouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    base = tmp_path_factory.mktemp("matrix")
    shutil.copytree(courthouse, base, dirs_exist_ok=True)
    log = base / "log.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        patch.setenv("CARBON_REGISTRY_LOG", str(log))
        with served(base / "r") as api:
            people = peopled(api)
            named = happened(api, people)
            yield World(api, keys_of(api, people), {"account": people["concerned"], **named}, log)


def peopled(api: Api) -> dict[str, str]:
    """Accounts by who they are."""
    operator = api.runtime.operator
    people = {"officer": operator.officers()[0]}
    for name in ("concerned", "stranger", "former", *ROLES):
        if name in api.accounts:
            people[name] = api.accounts[name]
            continue
        asked = account_life.Open(name=f"{SECRET} {name}", legal_form="company")
        people[name] = does(operator, asked)[0].placed.entry.intent.parts[0].stream
        role = "court" if name == "former" else name
        if role in ROLES:
            does(operator, roles.Grant(account=people[name], role=role))
    does(operator, roles.Withdraw(account=people["former"], role="court"))
    return people


def happened(api: Api, people: dict[str, str]) -> dict[str, str]:
    """What happens to who is concerned, hidden wherever something can be hidden: what it begins."""
    operator, concerned = api.runtime.operator, people["concerned"]
    owner = api.accounts["owner"]
    transfer = {"giver": owner, "taker": concerned, "amount": "2"}
    does(operator, movements.Transfer.model_validate(transfer))
    retired = {
        "holder": concerned,
        "amount": "1",
        "purpose": "enterprise",
        "period": ["2025-01-01", "2025-12-31"],
        "place": "510100",
        "public": False,
        "activity": f"{SECRET} activity",
        "organisers": [f"{SECRET} organiser"],
        "beneficiary": f"{SECRET} beneficiary",
        "purchaser": f"{SECRET} purchaser",
        "agent": f"{SECRET} agent",
    }
    (made,) = does(operator, retirements.Retire.model_validate(retired))
    order = {
        "number": f"{SECRET} number",
        "court": people["court"],
        "basis": "judgment",
        "obligor": f"{SECRET} obligor",
        "account": concerned,
        "document": digest("a judgment").hex(),
        "deadline": in_days(30),
        "amount": "10",
        "standards": ["SCFG"],
    }
    does(operator, orders.Register.model_validate(order))
    campaign = {
        "organiser": concerned,
        "occasion": f"{SECRET} occasion",
        "terms": digest("terms").hex(),
        "standard": "SCFG",
        "each": "10g",
        "deadline": in_days(30),
        "public": False,
    }
    does(operator, campaigns.Open.model_validate(campaign))
    found = {
        "account": concerned,
        "rule": "7.2",
        "document": digest("a finding").hex(),
        "details": f"{SECRET} details",
    }
    does(operator, conduct.Find.model_validate(found))
    with operator.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        named = {
            kind: moment.streams(f"{kind}/")[-1]
            for kind in ("batch", "campaign", "certificate", "order", "project")
        }
    named["number"] = named["certificate"].partition("/")[2]
    return {
        **named,
        "key": "a" * 16,
        "standard": "SCFG",
        "index": str(made.placed.index),
        "stream": concerned,
    }


def keys_of(api: Api, people: dict[str, str]) -> dict[str, dict[str, str]]:
    """The header of everybody."""
    who = {name: api.key(account) for name, account in people.items()}
    who["nobody"] = {}
    who["narrow"] = api.key(people["concerned"], scopes=("act:registry",))
    access, now_us = api.runtime.access, wall_us()
    for name, expires_us in (("expired", now_us - 1), ("revoked", now_us + HOUR_US)):
        record, presented = access.make_key(
            [people["concerned"]],
            ["read", "act"],
            expires_us=expires_us,
            label=name,
            made_by="test",
            now_us=now_us - HOUR_US,
        )
        if name == "revoked":
            access.revoke_key(record.id, now_us)
        who[name] = {"Authorization": f"Bearer {presented}"}
    return who


ROUTES = [
    (method, path)
    for method, path, _ in operations()
    # They do not end by themselves: test_events has who is let in.
    if not path.endswith("/stream")
]


def pattern_of(text: str) -> str:
    return re.sub(r"\\?\{(\w+)\\?\}", r"\\{\1\\}", text)


def rule_of(method: str, path: str) -> str:
    """Who may ask there."""
    for text, rule in TABLE:
        if re.fullmatch(pattern_of(text), f"{method} {path}"):
            return rule
    raise AssertionError(f"{method} {path} is in no row of the table")


def refusal(rule: str, principal: str) -> tuple[int, str] | None:  # noqa: PLR0911  # a row each
    """How somebody is refused; None if they are let in."""
    if rule == "machines":
        return None
    if principal in BARRED:
        return 401, "bad_key"
    if rule in ("anybody", "bearer", "whoever has the signatures"):
        return None
    if principal == "nobody":
        return 401, "credentials_missing"
    if rule == "login":
        return None
    if principal == "narrow":
        return 403, "scope_missing"
    sees = {"concerned", *OVERSEERS}
    if rule == "own" and principal not in sees:
        return 403, "role_needed"
    return None


def test_every_route_has_a_row_and_every_row_a_route():
    for method, path in ROUTES:
        rule_of(method, path)
    for text, _ in TABLE:
        assert any(re.fullmatch(pattern_of(text), " ".join(route)) for route in ROUTES), text


PRINCIPALS = (
    *UNCONCERNED,
    *BARRED,
    *("concerned", "officer", "court", "authority", "operator", "procuratorate"),
)


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_who_may_ask_what(world: World, principal: str):
    wrong, before = [], size_of(world.api.runtime.operator)
    for method, path in ROUTES:
        rule = rule_of(method, path)
        expected = refusal(rule, principal)
        own = method != "GET" and rule.startswith("scope")
        if expected is None and own:
            continue  # Keys, webhooks and audits of one's own: below.
        answer = world.ask(principal, method, path, dry=rule == "act" and expected is None)
        if expected is not None:
            told = answer.json()
            if (answer.status_code, told.get("code")) != expected or SECRET in answer.text:
                wrong.append((method, path, answer.status_code, told.get("code")))
        elif answer.status_code in (401, 500) or (
            answer.status_code == 403 and answer.json()["code"] == "scope_missing"
        ):
            wrong.append((method, path, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))
    assert size_of(world.api.runtime.operator) == before


@pytest.mark.parametrize("principal", ["concerned", "procuratorate"])
def test_who_has_the_scope_makes_keys_and_webhooks_for_their_own_accounts_alone(
    world: World, principal: str
):
    who, other = world.who[principal], world.who["stranger"]
    (own, its) = (world.api.get("/v1/me", headers=one).json()["accounts"] for one in (who, other))
    told = {}
    for path, said in (("/keys", {"accounts": own}), ("/webhooks", {"account": own[0]})):
        theirs = {"accounts": its} if "accounts" in said else {"account": its[0]}
        mine = world.api.act(path, {**EXAMPLES[path], **said}, who)
        refused = world.api.act(path, {**EXAMPLES[path], **theirs}, who)
        made = f"/v1{path}/{mine.json()[path[1:-1]]['id']}"
        ended = [world.api.client.delete(made, headers=one) for one in (other, who)]
        told[path] = [one.status_code for one in (mine, refused, *ended)]
        assert refused.json()["code"] == "not_yours"

    assert told["/keys"][:3] == told["/webhooks"][:3] == [201, 403, 404]
    assert all(statuses[3] in (200, 204) for statuses in told.values())


def test_who_has_the_scope_has_the_log_audited(world: World):
    started = world.ask("procuratorate", "POST", "/v1/audits")
    seen = world.api.get(
        f"/v1/audits/{started.json()['audit']['id']}", headers=world.who["concerned"]
    )

    assert (started.status_code, seen.status_code) == (202, 200)


@pytest.mark.parametrize("principal", UNCONCERNED)
def test_nobody_reads_a_name_that_is_not_public(world: World, principal: str):
    told = []
    for method, path in ROUTES:
        if method != "GET":
            continue
        answer = world.ask(principal, method, path)
        mine = principal not in ("nobody", "narrow") and rule_of(method, path) in ("mine", "login")
        text = answer.text.replace(f"{SECRET} {principal}", "") if mine else answer.text
        if SECRET in text or SECRET in str(answer.headers):
            told.append((path, answer.text[max(0, answer.text.find(SECRET) - 300) :][:400]))
    assert told == []


def test_whom_it_concerns_reads_the_names(world: World):
    (number, account) = (world.named["number"], world.named["account"].partition("/")[2])
    certificate = world.api.get(f"/v1/certificates/{number}", headers=world.who["concerned"])
    own = world.api.get(f"/v1/accounts/{account}", headers=world.who["concerned"])
    seen = world.api.get(f"/v1/accounts/{account}", headers=world.who["officer"])

    assert f"{SECRET} beneficiary" in certificate.text
    assert f"{SECRET} concerned" in own.text
    assert f"{SECRET} concerned" in seen.text


def test_no_name_or_secret_is_in_logs_or_metrics(world: World):
    for principal in ("concerned", "officer", "stranger"):
        for method, path in ROUTES:
            if method == "GET":
                world.ask(principal, method, path)
    metrics = world.api.get("/metrics").text
    logged = world.log.read_text("utf-8")

    assert "request" in logged
    for text in (metrics, logged):
        assert "SECRET" not in text
        assert "crk_" not in text
