"""What is wrong with a command line, as facts: its parser says it in sentences, in English only."""

import re

_SAID = (
    (r"No such command '(?P<command>[^']*)'", "no_such_command"),
    (r"No such option: (?P<option>\S+)", "no_such_option"),
    (r"Option '(?P<option>[^']+)' (?:requires|does not take)", "option_value"),
    (r"Missing command", "missing_command"),
    (r"Missing \w+ '(?P<parameter>[^']+)'", "missing_parameter"),
    (
        r"Invalid value for '(?P<parameter>[^']+)': .* is not one of (?P<choices>.+)\.$",
        "bad_parameter",
    ),
    (r"Invalid value for '(?P<parameter>[^']+)'", "bad_parameter"),
    (r"Got unexpected extra argument\(s\) \((?P<found>.*)\)", "unexpected_arguments"),
)
"""What it says, and why that is: names of registry/desk/whys.py, whose other facts are the groups."""


def facts_of(message: str) -> dict[str, str]:
    """The facts of what the parser said: `why`, or `said` if it is none of the sentences that are known."""
    for pattern, why in _SAID:
        found = re.match(pattern, message)
        if found:
            return {"why": why, **found.groupdict()}
    return {"said": message}
