"""Acts by hand: a registry's first day on the command line, each act rehearsed before it is done."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey
from rpds import HashTrieMap

from registry.acts import movements
from registry.desk import given
from registry.domain.batch import DEPOSITED_RETIRED, NATIVE, Batch
from registry.domain.project import EXCLUDED
from registry.domain.ranges import Ranges
from registry.errors import RefusedError, UsageError
from tests.books import Book, book, home, shelf
from tests.test_cli import CHINESE, Ended, Shell, english, shell

__all__ = ["book", "english", "home", "shelf", "shell"]

PERIOD = "2025-01-01..2025-12-31"
TONNE = 1_000_000
HOME_SERIALS = "8040-449402-449501-VCU-034-APX-CN-1-1748-01012014-31122014-0"


class Day:
    """Types acts at one registry."""

    def __init__(
        self, shell: Shell, directory: Path, accounts: dict[str, str], streams: dict[str, str]
    ) -> None:
        self._shell, self.directory = shell, directory
        self.accounts, self.streams = accounts, streams

    def __call__(self, *typed: object) -> Ended:
        return self._shell(*typed, "--dir", self.directory)

    def json(self, *typed: object) -> Any:
        """What a command says as JSON, once it went well."""
        ended = self(*typed, "--json")
        assert ended.code == 0, ended.out
        return ended.json

    def acts(self, *typed: object) -> Any:
        """What an act says that was done, once its rehearsal said the same and changed nothing."""
        before = self.files()
        foreseen = self.json(*typed, "--dry-run")
        assert foreseen["dry_run"]
        assert self.files() == before
        done = self.json(*typed)
        assert not done["dry_run"]
        assert self.files() != before
        assert without_chance(done, done) == without_chance(foreseen, done)
        return done

    def begins(self, *typed: object) -> str:
        """The last stream that an act begins."""
        stream: str = self.acts(*typed)["entries"][0]["new"][-1]
        return stream

    def refused(self, *typed: object, code: int = 1) -> Any:
        """The refusal, which a rehearsal gives, too; people are told it in both languages, and nothing changes."""
        before = self.files()
        ended = self(*typed, "--json")
        assert ended.code == code, ended.out
        assert self(*typed, "--json", "--dry-run").json == ended.json
        said = {lang: self(*typed, "--lang", lang).err for lang in ("zh", "en")}
        assert CHINESE.search(said["zh"])
        assert ended.json["error"] in said["en"]
        assert self.files() == before
        return ended.json

    def files(self) -> dict[str, bytes]:
        """The bytes of everything that is kept, but of locks, shared memory, and tables that follow the log."""
        return {
            str(file): hashlib.sha256(file.read_bytes()).digest()
            for base in (self.directory, self.directory.parent / "state")
            for file in sorted(base.rglob("*"))
            if file.is_file()
            and not file.name.startswith("views.db")
            and not file.name.endswith(("-shm", ".lock"))
        }

    def paper(self, name: str) -> Path:
        """A file that says nothing but its name."""
        file = self.directory.parent / f"{name}.txt"
        file.write_text(name, "utf-8")
        return file

    def opens(self, name: str, *more: object) -> str:
        return self.begins("account", "open", "--name", name, "--legal-form", "company", *more)


def without_chance(told: Any, done: Any) -> Any:
    """What was told, but for what a rehearsal cannot know: times, leaves, new keys and new ids."""
    if isinstance(told, dict):
        unknown = {"time", "at_us", "leaf", "dry_run", "possession", "key"}
        fields = {name: value for name, value in told.items() if name not in unknown}
        if "position" in fields:
            # The rehearsal's commitments have salts of their own.
            fields["body"] = {**fields["body"], **dict.fromkeys(fields["opened"])}
        return {name: without_chance(value, done) for name, value in fields.items()}
    if isinstance(told, list):
        return [without_chance(item, done) for item in told]
    begun = [stream for entry in done["entries"] for stream in entry["new"]]
    derived = told in begun and not told.startswith(("standard/", "account/uscc-"))
    return f"{told.partition('/')[0]}/…" if derived else told


@pytest.fixture
def day(book: Book, shell: Shell) -> Day:
    """The desk of a registry in which everybody is there, with a project, batches and certificates."""
    return Day(shell, book.directory, book.accounts, book.streams)


@pytest.fixture
def fresh(home: Path, shell: Shell) -> Day:
    """The desk of a registry in which there is nobody but two officers."""
    assert shell("init", home / "r", "--origin", "registry.example/day").code == 0
    return Day(shell, home / "r", {}, {})


def held_g(day: Day, account: str) -> int:
    """What an account holds, of all batches."""
    found: int = day.json("balance", account)["held_g"]
    return found


# A newcomer's day: everything from the first account to a proof that a stranger verifies.


def staffed(day: Day) -> None:
    """Everybody who has a part has an account, and its role."""
    for name in ("authority", "validator", "verifier", "exchange"):
        day.opens(name)
        day.acts("role", "grant", name, name)
    for name in ("owner", "buyer"):
        day.opens(name)


def proposed(day: Day) -> str:
    """A project of the owner."""
    declared = [word for code in EXCLUDED for word in ("--not-in", code)]
    about = ["--owner", "owner", "--name", "一片森林", "--standard", "SCFG", "--place", "510100"]
    about += ["--method", "SCFG-001", "--crediting", "2020-01-01..2040-12-31", *declared]
    return day.begins("project", "propose", *about, "--boundary", day.paper("boundary"))


def issued(day: Day, project: str) -> str:
    """A batch of 100 t, by everybody whom that takes."""
    paper = ["--document", day.paper("papers")]
    day.acts("project", "validate", project, *paper)
    day.acts("project", "register", project, *paper)
    report = ["--report", day.paper("report"), "--period", PERIOD]
    day.acts("project", "verify", project, "100", *report)
    return day.begins("batch", "issue", project, "100", "--period", PERIOD)


def test_a_newcomers_day_ends_with_a_proof_that_a_stranger_verifies(
    fresh: Day, shell: Shell, home: Path
):
    staffed(fresh)
    fresh.acts("standard", "recognise", "SCFG", "--class", "removal")
    batch = issued(fresh, proposed(fresh))
    fresh.acts("transfer", "12.5", "--from", "owner", "--to", "buyer")
    proof, key = home / "retired.proof", fresh.json("key")["vkey"]

    done = fresh.json(
        *("retire", "0.000027", "--holder", "buyer", "--purpose", "meeting", "-o", proof),
        *("--activity", "一次会议", "--organiser", "甲", "--organiser", "乙"),
    )

    verified = shell("verify", proof, "--key", key, "--json").json
    assert (verified["verdict"], verified["amount_g"]) == ("valid", 27)
    assert verified["names"] == {"activity": "一次会议", "organisers": ["甲", "乙"]}
    assert verified["retired"][0]["batch"] == batch
    assert done["entries"][0]["new"] == [f"certificate/{verified['number']}"]
    assert (done["file"], done["bytes"]) == (str(proof), proof.stat().st_size)
    audited = shell("audit", fresh.directory, "--key", key, "--json").json
    assert audited["verdict"] == "valid"
    assert held_g(fresh, "buyer") == 12_500_000 - 27
    assert held_g(fresh, "owner") == 87_500_000


def test_what_happened_is_told_in_both_languages(day: Day):
    giver, taker = day.accounts["owner"], day.accounts["bob"]
    act = ("transfer", "27g", "--from", giver, "--to", taker, "--dry-run")

    told, gesagt = day(*act).out, day(*act, "--lang", "zh").out

    assert "Nothing was written: this would be entry" in told
    assert f"from: owner 有限公司 ({giver})" in told
    assert "amount: 0.000027 t" in told
    assert f"transferred · {day.streams['native']}" in told
    assert "预览，什么都没有写入" in gesagt
    assert f"转入: bob 有限公司 ({taker})" in gesagt


# Accounts and roles.


def test_an_account_is_opened_under_its_organisations_code(day: Day):
    account = day.opens("机构", "--uscc", "91350100M000100Y43")

    assert account == "account/uscc-91350100M000100Y43"
    shown = day.json("account", "show", "机构")
    assert (shown["stream"], shown["legal_form"], shown["custodial"]) == (account, "company", True)


def test_an_account_can_have_another_that_decides_for_it_and_signs(day: Day):
    controller = day.accounts["owner"]

    done = day.acts(
        *("account", "open", "--name", "branch", "--legal-form", "company"),
        *("--controller", controller),
    )

    assert done["entries"][0]["signers"][1] == controller
    assert day.json("account", "show", "branch")["controller"] == controller


def test_a_holder_can_bring_the_key_of_the_account_that_is_to_be(day: Day):
    theirs = SigningKey(b"\x07" * 32)
    opening = ["account", "open", "--name", "own key", "--legal-form", "person"]
    opening += ["--public", theirs.verify_key.encode().hex()]

    asked = day.refused(*opening, code=2)
    signed = theirs.sign(bytes.fromhex(asked["facts"]["to_sign"])).signature.hex()
    account = day.begins(*opening, "--possession", signed)

    assert asked["error"] == "no_possession"
    assert asked["facts"]["account"] == account
    assert not day.json("account", "show", "own key")["custodial"]


def test_the_list_of_accounts_names_each_with_its_roles(day: Day):
    listed = {item["account"]: item for item in day.json("account", "list")}

    assert listed.keys() == set(day.accounts.values())
    assert listed[day.accounts["verifier"]]["roles"] == ["verifier"]
    assert listed[day.accounts["alice"]]["name"] == "alice 有限公司"
    assert "verification body" in day("account", "list").out


def test_two_officers_give_a_role_and_take_it_back(day: Day):
    account = day.accounts["alice"]

    day.acts("role", "grant", account, "court")
    given_to = [item["account"] for item in day.json("role", "list") if item["role"] == "court"]
    day.acts("role", "withdraw", account, "court")

    assert given_to == [account]
    assert all(item["role"] != "court" for item in day.json("role", "list"))


def test_who_signs_in_a_role_is_said_where_it_does_not_follow(day: Day):
    recognition = ("standard", "recognise", "CDCER", "--class", "reduction")
    day.acts("role", "grant", day.accounts["owner"], "authority")

    refused = day.refused(*recognition)

    both = sorted([day.accounts["owner"], day.accounts["authority"]])
    assert (refused["error"], refused["facts"]["accounts"]) == ("several_in_role", both)
    done = day.acts(*recognition, "--authority", day.accounts["owner"])
    assert done["entries"][0]["signers"][0] == day.accounts["owner"]


def test_a_role_that_nobody_has_is_named(fresh: Day):
    refused = fresh.refused("standard", "recognise", "SCFG", "--class", "removal")

    assert (refused["error"], refused["facts"]["role"]) == ("nobody_in_role", "authority")


def test_a_role_that_was_not_granted_cannot_be_taken_back(day: Day):
    refused = day.refused("role", "withdraw", day.accounts["alice"], "court")

    assert refused["error"] == "role_not_held"


# Kinds of credit, projects, batches.


def test_a_foreign_kind_is_recognised_and_its_units_are_deposited(day: Day):
    foreign = ("--home", "VCS", "--serials", "12:0:1:2")
    day.acts("standard", "recognise", "VER", "--class", "reduction", *foreign, "--claim", "meeting")
    about = ("--period", "2014-01-01..2014-12-31", "--document", day.paper("home"))

    batch = day.begins(
        *("batch", "deposit", "VER", HOME_SERIALS, "--holder", day.accounts["alice"]), *about
    )

    shown = day.json("standard", "show", "VER")
    assert (shown["home"], shown["claims"], shown["deposited_units"]) == ("VCS", ["meeting"], 100)
    found = day.json("batch", "show", batch)
    assert (found["credit_origin"], found["received_g"]) == ("deposited", 100 * TONNE)
    assert "VER" in {item["standard"] for item in day.json("standard", "list")}
    assert "VER" in day("standard", "list").out


def test_a_native_kind_has_nothing_to_deposit(day: Day):
    refused = day.refused(
        *("batch", "deposit", "SCFG", HOME_SERIALS, "--holder", day.accounts["alice"]),
        *("--period", PERIOD, "--document", day.paper("home")),
    )

    assert refused["error"] == "native_standard"


def test_a_project_that_may_be_elsewhere_is_not_proposed(day: Day):
    refused = day.refused(
        *("project", "propose", "--owner", day.accounts["owner"], "--name", "n"),
        *("--standard", "SCFG", "--method", "M-1", "--place", "510100"),
        *("--crediting", PERIOD, "--boundary", day.paper("b"), "--not-in", "CDM"),
    )

    assert (refused["error"], refused["facts"]["declared"]) == ("not_excluded", ["CDM"])


def test_more_than_was_verified_is_not_issued(day: Day):
    project = day.streams["project"]

    refused = day.refused("batch", "issue", project, "1", "--period", PERIOD)

    assert refused["error"] == "exceeds_verified"
    assert day.json("project", "show", project)["status"] == "registered"


@pytest.mark.parametrize("group", ["project", "batch", "standard"])
def test_what_is_not_there_is_not_shown(day: Day, group: str):
    ended = day(group, "show", "NOTHING", "--json")

    assert (ended.code, ended.json["error"]) == (1, "no_stream")


# Transfers and retirements.


def test_a_transfer_moves_the_lowest_grams_or_those_that_are_named(day: Day):
    batch = day.streams["native"]
    between = ("--from", day.accounts["owner"], "--to", day.accounts["bob"])

    lowest = day.acts("transfer", "2g", *between)
    named = day.acts("transfer", "3g", *between, "--batch", batch, "--range", "600..602")

    assert ranges_of(lowest) == [[130, 132]]
    assert ranges_of(named) == [[600, 603]]
    assert held_g(day, day.accounts["bob"]) == 5


def test_a_trade_is_signed_by_its_exchange_too(day: Day):
    exchange = day.accounts["exchange"]
    between = ("--from", day.accounts["owner"], "--to", day.accounts["bob"])

    done = day.acts("transfer", "2g", *between, "--venue", exchange, "--trade", "T-7")

    (entry,) = done["entries"]
    assert entry["signers"] == [day.accounts["owner"], exchange]
    assert entry["events"][0]["opened"] == {"trade": "T-7"}


def test_an_amount_out_of_several_batches_goes_together_or_not_at_all(day: Day):
    later = ("--period", "2024-01-01..2024-12-31")
    day.acts(
        *("project", "verify", day.streams["project"], "5g", "--report", day.paper("r")), *later
    )
    old = day.begins("batch", "issue", day.streams["project"], "5g", *later)
    between = ("--from", day.accounts["owner"], "--to", day.accounts["bob"])
    own = held_g(day, day.accounts["owner"])

    refused = day.refused("transfer", f"{own + 1}g", *between)
    done = day.acts("transfer", "8g", *between)

    assert refused["facts"]["held_g"] == own
    moved = [entry["events"][0] for entry in done["entries"]]
    assert [one["stream"] for one in moved] == [old, day.streams["native"]]
    assert [one["body"]["amount_g"] for one in moved] == [5, 3]


def test_a_retirement_out_of_two_batches_has_one_certificate(day: Day):
    earlier = ("--period", "2024-01-01..2024-12-31")
    day.acts(
        *("project", "verify", day.streams["project"], "5g", "--report", day.paper("r")), *earlier
    )
    day.acts("batch", "issue", day.streams["project"], "5g", *earlier)

    done = day.acts(
        *("retire", "8g", "--holder", day.accounts["owner"], "--purpose", "individual"),
        *("--private", "--beneficiary", "某人", "--purchaser", "甲", "--agent", "乙"),
        *("--place", "510100", "--period", "2026-01-01..2026-01-31"),
    )

    (entry,) = done["entries"]
    *used, said = entry["events"]
    assert [one["body"]["amount_g"] for one in used] == [5, 3]
    assert said["outcome"]["amount_g"] == 8
    assert (said["body"]["public"], said["body"]["ground"]) == (False, "voluntary")
    assert said["opened"] == {"beneficiary": "某人", "purchaser": "甲", "agent": "乙"}


def test_the_kind_is_to_be_named_where_several_are_held(day: Day):
    retirement = ("retire", "1", "--holder", day.accounts["alice"], "--purpose", "meeting")
    day.acts("transfer", "1g", "--from", day.accounts["owner"], "--to", day.accounts["alice"])

    refused = day.refused(*retirement)

    assert (refused["error"], refused["facts"]["standards"]) == (
        "several_standards",
        ["SCFG", "VCU"],
    )
    done = day.acts(*retirement, "--standard", "VCU")
    assert done["entries"][0]["events"][-1]["outcome"]["home"] == ["VCU"]


def test_what_the_rules_refuse_is_refused_by_their_code(day: Day):
    holder = day.accounts["owner"]

    ordered = day.refused(
        *("retire", "1g", "--holder", holder, "--purpose", "meeting", "--ground", "court_order")
    )
    itself = day.refused("transfer", "1g", "--from", holder, "--to", holder)
    unknown = day.refused("transfer", "1g", "--from", holder, "--to", "nobody")

    codes = [refused["error"] for refused in (ordered, itself, unknown)]
    assert codes == ["order_needed", "to_itself", "no_account"]


def test_a_key_that_is_not_kept_here_signs_nothing_here(day: Day):
    holder = day.accounts["owner"]
    theirs = SigningKey(b"\x08" * 32)
    adding = ["account", "key", "add", holder, "--public", theirs.verify_key.encode().hex()]
    asked = day(*adding, "--json").json
    signed = theirs.sign(bytes.fromhex(asked["facts"]["to_sign"])).signature.hex()
    custodial = day.json(*adding, "--possession", signed)["keys"][0]["id"]
    theirs_id = day.json("account", "key", "list", holder)["keys"][1]["id"]
    day.json("account", "key", "end", holder, custodial)

    refused = day.refused("retire", "1g", "--holder", holder, "--purpose", "meeting")

    assert theirs_id != custodial
    assert (refused["error"], refused["facts"]) == ("no_private_key", {"account": holder})


def test_a_proof_that_could_not_be_written_is_no_reason_to_retire(day: Day, tmp_path: Path):
    holder = day.accounts["owner"]

    refused = day.refused(
        *("retire", "1g", "--holder", holder, "--purpose", "meeting"),
        *("-o", tmp_path / "nowhere" / "x.proof"),
        code=2,
    )

    assert refused["error"] == "no_file"


def test_a_rehearsed_retirement_writes_no_proof(day: Day, tmp_path: Path):
    file = tmp_path / "x.proof"
    retirement = ("retire", "1g", "--holder", day.accounts["owner"], "--purpose", "meeting")

    rehearsed = day(*retirement, "-o", file, "--dry-run")

    assert (rehearsed.code, file.exists()) == (0, False)
    written = day(*retirement, "-o", file)
    assert str(file) in written.out
    assert file.exists()


@pytest.mark.parametrize(
    ("option", "typed", "field"),
    [
        ("AMOUNT", "1.0000001", "amount"),
        ("--range", "9..1", "serials"),
        ("--range", "x", "serials"),
        ("--period", "2025", "period"),
    ],
)
def test_what_cannot_be_read_is_wrong_usage(day: Day, option: str, typed: str, field: str):
    amount = typed if option == "AMOUNT" else "1g"
    more = () if option == "AMOUNT" else (option, typed)
    batch = ("--batch", day.streams["native"])

    refused = day.refused(
        *("retire", amount, "--holder", day.accounts["owner"], "--purpose", "meeting"),
        *batch,
        *more,
        code=2,
    )

    assert (refused["error"], refused["facts"]["field"]) == ("malformed", field)


def test_serial_numbers_without_their_batch_are_wrong_usage(day: Day):
    refused = day.refused(
        *("retire", "1g", "--holder", day.accounts["owner"], "--purpose", "meeting"),
        *("--range", "1..1"),
        code=2,
    )

    assert refused["facts"]["why"] == "batch_missing"


# Certificates.


def test_a_certificate_is_shown_by_its_number_alone(day: Day, tmp_path: Path):
    number = day.streams["public"].removeprefix("certificate/")

    short = day.json("certificate", number, "-o", tmp_path / "a")
    long = day.json("certificate", "show", number, "-o", tmp_path / "b")

    assert short["number"] == long["number"] == number
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert day.json("certificate", "--list") == day.json("certificate", "show", "--list")


def test_the_help_of_certificates_names_their_acts(shell: Shell):
    assert "home-cancelled" in shell("certificate", "--help").out
    assert shell("certificate").code == 2


def test_what_was_awaited_from_a_home_registry_is_shown(day: Day):
    awaiting = day.streams["awaiting"]
    shown = ["--standard", "VCU", "--reference", "VCS-2026-0002", "--day", "2026-02-01"]
    shown += ["--document", day.paper("cancelled at home")]

    day.acts("certificate", "home-cancelled", awaiting.removeprefix("certificate/"), *shown)

    listed = {item["number"]: item for item in day.json("certificate", "--list")}
    assert listed[awaiting.removeprefix("certificate/")]["final"]
    refused = day.refused("certificate", "home-cancelled", awaiting, *shown)
    assert refused["error"] == "not_awaited"


# Amounts, and which batches give them.


@pytest.mark.parametrize(
    ("typed", "amount_g"),
    [
        ("12.5", 12_500_000),
        ("0.000027", 27),
        ("27g", 27),
        ("1t", 1_000_000),
        ("9223372036854.775807", 2**63 - 1),
    ],
)
def test_tonnes_become_grams_exactly(typed: str, amount_g: int):
    assert given.grams(typed) == amount_g


@pytest.mark.parametrize(
    "typed", ["", "0", "0g", "-1", "1.", ".5", "1e3", "1_0", "٣", "1,000", "1.0000001", "1.5g"]
)
def test_what_is_no_amount_is_refused(typed: str):
    with pytest.raises(UsageError) as refusal:
        given.grams(typed)

    assert refusal.value.code == "malformed"


@pytest.mark.parametrize("typed", ["", "12", "12:0:1", "12:a:1:2", "::1:2", "12:0:1:x"])
def test_what_is_no_format_of_serial_numbers_is_refused(typed: str):
    with pytest.raises(UsageError) as refusal:
        given.serial_format(typed, "--serials")

    assert refusal.value.code == "malformed"


def batch_of(name: str, year: int, holder_g: int, origin: str = NATIVE) -> Batch:
    return Batch(
        name=f"batch/{name}",
        origin=origin,
        period=(f"{year}-01-01", f"{year}-12-31"),
        held=HashTrieMap({"account/a": Ranges.of([(0, holder_g)])}),
    )


def test_the_oldest_batch_gives_first_then_the_one_with_the_lowest_name():
    batches = [batch_of("c", 2024, 5), batch_of("b", 2025, 5), batch_of("a", 2025, 5)]

    shares = movements.spread(movements.in_turn(batches), "account/a", 12)

    assert [(batch.name, amount_g) for batch, amount_g, _ in shares] == [
        ("batch/c", 5),
        ("batch/a", 5),
        ("batch/b", 2),
    ]


def test_what_is_retired_at_home_is_not_offered_to_others():
    batches = [batch_of("c", 2024, 5, DEPOSITED_RETIRED), batch_of("a", 2025, 5)]

    assert [one.name for one in movements.in_turn(batches)] == ["batch/c", "batch/a"]
    assert [one.name for one in movements.in_turn(batches, transferable=True)] == ["batch/a"]


def test_one_retirement_uses_sixteen_batches_at_most():
    shares = movements.spread([batch_of(f"{at:02}", 2025, 1) for at in range(17)], "account/a", 17)
    statement = movements.Statement(purpose="meeting")

    with pytest.raises(RefusedError) as refusal:
        movements.retire(shares, holder="account/a", statement=statement)

    assert refusal.value.code == "too_many_batches"
    assert refusal.value.facts == {"batches": 17, "most": 16, "possible_g": 16}
    assert movements.retire(shares[:16], holder="account/a", statement=statement).signers == (
        "account/a",
    )


def ranges_of(done: Any) -> list[list[int]]:
    """The serial ranges that the one event of an act moved."""
    ((event,),) = [entry["events"] for entry in done["entries"]]
    found: list[list[int]] = event["outcome"]["ranges"]
    return found
