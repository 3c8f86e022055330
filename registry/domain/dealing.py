"""What is asked of whoever gives or takes grams, whichever batch they are of: open, free, of good standing, permitted.

A giver's account is consulted, unless the act touches it: then the rules of its own stream ask the same. A taker's is
always consulted; who seconds an act touches their own account, and takes nothing by it.
"""

from registry.domain.account import Account, require_free
from registry.domain.act import Act
from registry.domain.conduct import check_standing
from registry.domain.roles import Registry, check_second_person
from registry.domain.timing import day_of
from registry.errors import require


def check_open(act: Act, account: str) -> None:
    """Return if `account` is open.

    Raises:
        RefusedError: `account_not_open`.
    """
    require(party(act, account).is_open, "account_not_open", account=account)


def party(act: Act, account: str) -> Account:
    """The account of somebody who gives or takes by `act`, and does not second it.

    Raises:
        RefusedError: `wrong_signers`.
    """
    apart = account in act.consulted
    require(apart, "wrong_signers", capacity="second person", signer=account)
    return act.state(account, Account)


def check_free(act: Act, account: str) -> None:
    """Return if `account` is not frozen; a bearer has no account that could be.

    Raises:
        RefusedError: `account_frozen`.
    """
    state = act.consulted.get(account)
    if isinstance(state, Account):
        require_free(state)


def check_gives(act: Act, giver: str, doing: str, amount_g: int) -> None:
    """Return if `giver` may let go of `amount_g`, by an act of theirs that is called `doing`.

    Raises:
        RefusedError: `account_frozen`, `forbidden_by_standing`, `second_person_needed`.
    """
    check_free(act, giver)
    check_standing(act, giver, doing)
    check_second_person(act, doing, amount_g)


def check_takes(
    act: Act, taker: str, *, allowance: bool, sale: tuple[str, str] | None = None
) -> None:
    """Return if `taker` may come by grams.

    Args:
        act: the act.
        taker: the account.
        allowance: whether the grams are allowances.
        sale: the exchange that moves them by mandate, and of which standard they are; a mandate of the taker that
            covers both says as much as an acceptance.

    Raises:
        RefusedError: `account_not_open`, `acceptance_needed`, `forbidden_by_standing`, `not_an_allowance_holder`.
    """
    check_open(act, taker)
    check_standing(act, taker, "receive")
    state = party(act, taker)
    asked = not state.acceptance or taker in act.keys or _mandated(state, sale, act)
    require(asked, "acceptance_needed", account=taker)
    if allowance:
        check_allowance_holder(act, state)


def check_allowance_holder(act: Act, account: Account) -> None:
    """Return if policy lets `account` hold allowances, by its legal form or by a role.

    Raises:
        RefusedError: `not_an_allowance_holder`.
    """
    registry = act.state(Registry.name, Registry)
    policy = registry.policy("allowance_holders")
    if policy is None or not policy.codes:
        return
    may = account.legal_form in policy.codes
    may = may or any(registry.has(account.name, code) for code in policy.codes)
    told = {"account": account.name, "legal_form": account.legal_form, "policy": policy.index}
    require(may, "not_an_allowance_holder", **told)


def _mandated(account: Account, sale: tuple[str, str] | None, act: Act) -> bool:
    today = day_of(act.at_us).isoformat()
    return sale is not None and any(
        mandate.lets(*sale, today) for mandate in account.mandates.values()
    )
