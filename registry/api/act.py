"""Where an act is asked for over HTTP: the path of each kind of `Ask`.

    POST /v1<path>   {the fields of the ask that are not in the path}

The last word is that of the command: `registry order buy` is POST /v1/orders/{order}/buy; a beginning is a POST to the
collection.
"""

from dataclasses import dataclass

from registry.api.paths import operation_of, words_in
from registry.desk.ask import Ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A path below /v1, with the ask's fields that stand in it in braces, and what is asked for there."""

    path: str
    ask: type[Ask]

    @property
    def area(self) -> str:
        """What it belongs to: the first word of the path, which scopes name, too."""
        return words_in(self.path)[0]

    @property
    def operation(self) -> str:
        """What it is called in OpenAPI."""
        return operation_of("begin" if len(words_in(self.path)) == 1 else "", self.path)
