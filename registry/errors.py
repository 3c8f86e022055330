"""The ways to fail: ask for something else; stop; ask again; and, for a checker, not knowing.

    RefusedError        the rules or the format say no; nothing was recorded
    BrokenHistoryError  what is stored or shown cannot be true; stop
    IncompleteError     a checker lacks something; neither valid nor invalid
    StaleError          all of it holds, but it is older than the checker's policy allows
    UnavailableError    not now: nothing is wrong with what was asked; ask again, under the same nonce

Each carries a stable `code` (listed in docs/format.md) and `facts`, plain values that a message is made of.
"""


class RegistryError(Exception):
    """A failure with a stable `code` and the `facts` that explain it."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{self.code}: {told}" if told else self.code


class RefusedError(RegistryError):
    """The rules or the format say no; nothing was recorded. Ask for something else."""


class UsageError(RefusedError):
    """What was asked cannot be read, or makes no sense: no such file, no amount, no key."""


class BrokenHistoryError(RegistryError):
    """What is stored or shown cannot be true. Stop.

    Facts: `stream`, `position` (from 1) and `index` (from 0) of the first broken entry, where known.
    """


class IncompleteError(RegistryError):
    """Something needed to decide is missing, such as a pinned key."""


class StaleError(RegistryError):
    """Everything holds, but it is older than the checker's policy allows."""


class UnavailableError(RegistryError):
    """Not now: a disk, a clock or too many others are in the way. Nothing was acknowledged.

    Ask again, the same intent under the same nonce: it has one effect, whether or not it was recorded meanwhile.
    """


def require(holds: bool, code: str, **facts: object) -> None:
    """Return if `holds`.

    Raises:
        RefusedError: `code`, with `facts`, if it does not hold.
    """
    if not holds:
        raise RefusedError(code, **facts)
