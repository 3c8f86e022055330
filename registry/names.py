"""How things are called: what kind they are, a slash, and an id. All but bearers have a stream of that name."""

ACCOUNT = "account/"
BATCH = "batch/"
BEARER = "bearer/"
CAMPAIGN = "campaign/"
CERTIFICATE = "certificate/"
CONDUCT = "conduct/"
ORDER = "order/"
STANDARD = "standard/"


def kind_of(name: str) -> str:
    """What precedes the slash, which begins the kinds of the stream's events, too."""
    return name.partition("/")[0]


def id_of(name: str) -> str:
    """What follows the slash, such as a certificate's number."""
    return name.partition("/")[2]
