"""Officers who are to sign: those whose keys are kept here first, and nobody who decides for a party."""

from collections.abc import Collection

from registry.names import ACCOUNT
from registry.store.log import Moment
from registry.store.operator import Operator


def officers(
    operator: Operator, count: int, *strangers_to: str, first: Collection[str] = ()
) -> list[str]:
    """So many officers, as far as there are any: of distinct control, from each other and from `strangers_to`, and
    whose keys are kept here; those of `first` before others.

    Where there are none such others are named, so that the rules say what is wrong with them.
    """
    controllers = operator.registry().controllers
    with operator.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        # Who bears a code has no account, and nobody else decides for them.
        accounts = [one for one in strangers_to if one.startswith(ACCOUNT)]
        taken = {moment.stream(account).state.controller for account in accounts}
    left = operator.officers()
    chosen: list[str] = []
    while left and len(chosen) < count:
        best = min(
            left,
            key=lambda one: (
                controllers[one] in taken,
                one not in first,
                not operator.kept(one),
                one,
            ),
        )
        chosen.append(best)
        left.remove(best)
        taken.add(controllers[best])
    return chosen
