"""The paths of routes, taken apart: in /orders/{order}/buy the words are orders and buy, and the parameter is order."""


def words_in(path: str) -> list[str]:
    """What stands in a path as it is; first what it belongs to."""
    return [piece for piece in path.split("/") if piece and not piece.startswith("{")]


def parameters_in(path: str) -> list[str]:
    """What stands in a path in braces."""
    return [piece[1:-1] for piece in path.split("/") if piece.startswith("{")]


def operation_of(verb: str, path: str) -> str:
    """What a route is called in OpenAPI, and so in clients that are made from it; `verb` may be empty."""
    words = "_".join(words_in(path)).replace("-", "_")
    return f"{verb}_{words}" if verb else words
