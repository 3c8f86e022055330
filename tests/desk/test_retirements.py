"""What is asked of retirements is read strictly, as a command and as JSON alike."""

import pytest

from registry.desk.ask import asked
from registry.desk.retirements import Retire, RetireForMany
from registry.errors import UsageError
from tests.world import table

MANY = {"holder": "account/nbswy3dpeb3w64tm", "purpose": "individual"}
ONE = {**MANY, "amount": "12.5"}


def row(name: object = "王一", amount: object = "27g", **more: object) -> dict[str, object]:
    return {"name": name, "amount": amount, **more}


def test_the_same_is_asked_in_each_form():
    typed = asked(Retire, **{**ONE, "period": "2025-01-01..2025-12-31", "serials": "0..9"})
    sent = asked(Retire, **{**ONE, "period": ["2025-01-01", "2025-12-31"], "serials": ["0", "9"]})

    assert typed == sent
    assert (sent.amount, sent.serials) == (12_500_000, (0, 10))


def test_for_many_is_the_sum_of_its_rows():
    ask = asked(RetireForMany, **MANY, rows=[row(), row("  李\u0301二 ", "0.5")])

    assert ask.total_g == 500_027
    assert [one.name for one in ask.rows] == ["王一", "李\u0301二"]


@table(
    "kind, said, field",
    (Retire, {**ONE, "amount": 12.5}, "amount"),
    (Retire, {**ONE, "amount": "12.1234567"}, "amount"),
    (Retire, {**ONE, "amount": "0"}, "amount"),
    (Retire, {**ONE, "public": 1}, "public"),
    (Retire, {**ONE, "public": "yes"}, "public"),
    (Retire, {**ONE, "serials": [0, 9]}, "serials"),
    (Retire, {**ONE, "serials": ["9", "0"]}, "serials"),
    (Retire, {**ONE, "period": ["2025-01-01"]}, "period"),
    (Retire, {**ONE, "organisers": "甲"}, "organisers"),
    (Retire, {**ONE, "rows": [row()]}, "rows"),
    (RetireForMany, {**MANY, "rows": []}, "rows"),
    (RetireForMany, {**MANY, "rows": [row()], "beneficiary": "王一"}, "beneficiary"),
    (RetireForMany, {**MANY, "rows": [row(), row(" ")]}, "rows.1.name"),
    (RetireForMany, {**MANY, "rows": [row("王\x00")]}, "rows.0.name"),
    (RetireForMany, {**MANY, "rows": [row("王" * 201)]}, "rows.0.name"),
    (RetireForMany, {**MANY, "rows": [row(amount=27)]}, "rows.0.amount"),
    (RetireForMany, {**MANY, "rows": [row(no=1)]}, "rows.0.no"),
    (RetireForMany, {**MANY, "rows": [["王一", "27g"]]}, "rows.0"),
)
def test_what_is_of_another_form_is_refused_by_its_field(kind, said, field):
    with pytest.raises(UsageError) as caught:
        asked(kind, **said)

    assert (caught.value.code, caught.value.facts["field"]) == ("malformed", field)
    assert "王" not in caught.value.facts["why"]
