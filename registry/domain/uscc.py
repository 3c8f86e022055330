"""The unified social credit code (统一社会信用代码): 18 characters, of which the last checks the others.

Source: GB 32100-2015, section 4.
"""

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def check_character(first_17: str) -> str:
    """The character that closes a code, from the 17 before it, each of ALPHABET."""
    weighted = sum(
        ALPHABET.index(character) * pow(3, place, len(ALPHABET))
        for place, character in enumerate(first_17)
    )
    return ALPHABET[-weighted % len(ALPHABET)]


def is_sound(code: str) -> bool:
    """Whether `code`, 18 characters of ALPHABET, closes with the right one."""
    return check_character(code[:-1]) == code[-1]
