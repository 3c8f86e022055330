"""`standard`: what is recognised, which units came from elsewhere, which documents served."""

import re
from typing import Any

from tests.model.plain import Act, say


def recognised(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    say(stream not in m.standards, "recognised already")
    say((body["home"] is None) == (body["serial_format"] is None), "serial format")
    m.standards[stream] = {**body, "units": {}, "documents": set(), "withdrawn": None}


cross_recognised = recognised


def _unit(m: Any, stream: str, body: Any) -> Any:
    standard = m.standards[stream]
    say(standard["home"] is not None, "native")
    say(standard["withdrawn"] is None, "withdrawn")
    fields, block, first, last = standard["serial_format"]
    pieces = [piece for piece in re.split(r"[^0-9A-Za-z]+", body["home_serials"]) if piece]
    pieces = [piece.upper().lstrip("0") or "0" for piece in pieces]
    say(len(pieces) == fields, "pieces")
    say(all(re.fullmatch(r"[0-9]{1,15}", pieces[one]) for one in (first, last)), "digits")
    low, high = int(pieces[first]), int(pieces[last])
    say(low <= high, "order")
    named = "-".join(pieces[number] for number in block)
    for one, other in standard["units"].setdefault(named, []):
        say(high < one or other < low, "units deposited twice")
    standard["units"][named].append((low, high))
    grams = (high - low + 1) * standard["unit_g"]
    say(grams < 2**63, "too many grams")
    return {"amount_g": grams, "block": named, "units": [low, high]}


def deposited(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> Any:
    say(m.standards.get(stream, {"credit_class": "allowance"})["credit_class"] != "allowance", "?")
    return _unit(m, stream, body)


def allowances_deposited(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> Any:
    say(m.standards.get(stream, {"credit_class": ""})["credit_class"] == "allowance", "class")
    return _unit(m, stream, body)


def document_entered(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    say(stream in m.standards, "not recognised")
    say(body["document"] not in m.standards[stream]["documents"], "document used")
    m.standards[stream]["documents"].add(body["document"])


def withdrawn(m: Any, act: Act, stream: str, _body: Any, _place: Any) -> None:
    say(stream in m.standards, "not recognised")
    say(m.standards[stream]["withdrawn"] is None, "withdrawn already")
    m.standards[stream]["withdrawn"] = act.index


def native(m: Any, code: str) -> Any:
    """A standard of this registry's own, in which something may begin."""
    standard = m.standards.get(f"standard/{code}")
    say(standard is not None, "not recognised")
    assert standard is not None
    say(standard["home"] is None, "foreign standard")
    say(standard["withdrawn"] is None, "withdrawn")
    return standard
