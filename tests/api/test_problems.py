"""What is wrong, as somebody hears it who cannot mend it."""

import json

import pytest

from registry.api.problems import language, problem_bytes
from registry.errors import BrokenHistoryError, RefusedError, RegistryError, UnavailableError
from tests.test_cli import CHINESE

WHERE = "/srv/registry/secret-place"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BrokenHistoryError("behind_mark", size=4, mark=9, first=4, last=8, file=WHERE), 500),
        (UnavailableError("storage_failed", file=WHERE, said="no space"), 503),
        (UnavailableError("server_unavailable", server=WHERE, said="gone"), 503),
    ],
    ids=["behind_mark", "storage_failed", "server_unavailable"],
)
def test_a_stranger_is_told_what_to_do_and_not_where_things_are_kept(
    error: RegistryError, status: int
):
    zh, en = (json.loads(problem_bytes(error, None, lang, "id")[2]) for lang in ("zh", "en"))

    assert (zh["status"], zh["code"]) == (status, error.code)
    assert CHINESE.search(zh["detail"])
    for told in (zh, en):
        assert "…" not in told["detail"]
        assert WHERE not in json.dumps(told)


def test_a_field_that_the_rules_cannot_read_is_pointed_at():
    refusal = RefusedError("malformed", field="deadline", why="integer_between", least=1, most=9)

    told = json.loads(problem_bytes(refusal, None, "en", "id")[2])

    why = "an integer from 1 to 9 is expected"
    assert told["errors"] == [{"pointer": "/deadline", "code": "integer_between", "why": why}]


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [("en", "en"), ("en ; q=0.9, zh;q=0.8", "en"), ("fr, zh ;q=0.1", "zh"), ("en ;q=0", "zh")],
)
def test_the_language_is_the_one_that_is_weighed_most_however_it_is_spaced(
    accepted: str, expected: str
):
    assert language(accepted) == expected


def test_a_workbook_that_cannot_be_read_is_malformed():
    status, _, _ = problem_bytes(
        RefusedError("unreadable_workbook", why="document_type"), None, "en", "id"
    )

    assert status == 422
