"""A small Ed25519 with nothing but integers: enough to make keys and signatures that should be refused.

Source: RFC 8032, section 5.1 and appendix A.
"""

from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
I = pow(2, (P - 1) // 4, P)  # noqa: E741  # its name in every text about this curve

Point = tuple[int, int]
ZERO: Point = (0, 1)


def add(first: Point, second: Point) -> Point:
    (x1, y1), (x2, y2) = first, second
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x % P, y % P


def times(scalar: int, point: Point) -> Point:
    found = ZERO
    while scalar:
        if scalar & 1:
            found = add(found, point)
        point = add(point, point)
        scalar >>= 1
    return found


def negative(point: Point) -> Point:
    return -point[0] % P, point[1]


def recovered(y: int, sign: int) -> Point:
    """The point with this y whose x has this lowest bit."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * I % P
    assert (x * x - square) % P == 0
    return (P - x if x & 1 != sign and x else x), y


def encoded(point: Point, *, canonical: bool = True) -> bytes:
    """The encoding of a point; where not canonical, with y + p, which must still fit."""
    y = point[1] if canonical else point[1] + P
    assert y < 2**255
    return (y | (point[0] & 1) << 255).to_bytes(32, "little")


BASE = recovered(4 * pow(5, -1, P) % P, 0)


def torsion() -> list[Point]:
    """The eight points of small order, the neutral one first; number n is n times a point of order eight."""
    y = 2
    while True:
        square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
        if square == 0 or pow(square, (P - 1) // 2, P) == 1:
            point = times(L, recovered(y, 0))
            if times(4, point) != ZERO:
                return [times(number, point) for number in range(8)]
        y += 1


def challenge(commitment: bytes, public: bytes, message: bytes) -> int:
    return int.from_bytes(sha512(commitment + public + message).digest(), "little") % L


def holds(public: Point, data: bytes, message: bytes, signature: bytes, *, cofactor: int) -> bool:
    """The verification equation, multiplied by `cofactor`: 1 or 8; `data` is how the key is written."""
    number = int.from_bytes(signature[:32], "little")
    commitment = recovered(number % 2**255 % P, number >> 255)
    s = int.from_bytes(signature[32:], "little")
    h = challenge(signature[:32], data, message)
    right = add(commitment, times(h, public))
    return times(cofactor * s, BASE) == times(cofactor, right)


def signed(secret: int, data: bytes, message: bytes, *, nonce: int, shift: Point = ZERO) -> bytes:
    """A signature by `secret` for the key that is written as `data`; `shift` is added to R."""
    commitment = encoded(add(times(nonce, BASE), shift))
    s = (nonce + challenge(commitment, data, message) * secret) % L
    return commitment + s.to_bytes(32, "little")
