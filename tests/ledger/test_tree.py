"""The tree of RFC 6962, against its definition word for word and the vectors that everybody uses."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import RefusedError
from registry.ledger import tree
from registry.ledger.tree import (
    EMPTY_ROOT,
    SIZE_MAX,
    Frontier,
    check_consistency,
    consistency_path,
    inclusion_hashes,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_from_hashes,
    root_from_path,
    root_of,
    stored_number,
)

SIZES = range(41)
# Source: certificate-transparency, merkletree/merkle_tree_test.cc, and transparency-dev/merkle, testonly/constants.go.
CLASSIC = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CLASSIC_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def hashes(count):
    return [leaf_hash(f"entry {number}".encode()) for number in range(count)]


def root_by_definition(leaves):
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while 2 * half < len(leaves):
        half *= 2
    left, right = root_by_definition(leaves[:half]), root_by_definition(leaves[half:])
    return sha256(b"\1" + left + right).digest()


def path_by_definition(index, leaves):
    if len(leaves) == 1:
        return []
    half = 1
    while 2 * half < len(leaves):
        half *= 2
    if index < half:
        return [*path_by_definition(index, leaves[:half]), root_by_definition(leaves[half:])]
    return [
        *path_by_definition(index - half, leaves[half:]),
        root_by_definition(leaves[:half]),
    ]


def consistency_by_definition(size, leaves, *, whole=True):
    if size == len(leaves):
        return [] if whole else [root_by_definition(leaves)]
    half = 1
    while 2 * half < len(leaves):
        half *= 2
    if size <= half:
        return [
            *consistency_by_definition(size, leaves[:half], whole=whole),
            root_by_definition(leaves[half:]),
        ]
    return [
        *consistency_by_definition(size - half, leaves[half:], whole=False),
        root_by_definition(leaves[:half]),
    ]


def grown(leaves):
    """The complete subtrees over leaves, and the frontier."""
    frontier, nodes = Frontier(), {}
    for leaf in leaves:
        for level, number, made in frontier.append(leaf):
            nodes[level, number] = made
    return frontier, nodes


def node_of(nodes):
    return lambda level, number: nodes[level, number]


def refuses(check, *args):
    with pytest.raises(RefusedError) as caught:
        check(*args)
    return caught.value.code


@pytest.mark.parametrize("size", range(9))
def test_the_classic_roots_are_found(size):
    leaves = [leaf_hash(entry) for entry in CLASSIC[:size]]

    assert root_of(leaves).hex() == CLASSIC_ROOTS[size]
    assert root_by_definition(leaves).hex() == CLASSIC_ROOTS[size]


@pytest.mark.parametrize("size", SIZES)
def test_every_root_and_every_subtree_is_that_of_the_definition(size):
    leaves = hashes(size)

    frontier, nodes = grown(leaves)

    assert frontier.root() == root_by_definition(leaves)
    assert frontier.size == size
    assert Frontier.load(size, node_of(nodes)).peaks == frontier.peaks
    for (level, number), made in nodes.items():
        start = number << level
        assert made == root_by_definition(leaves[start : start + (1 << level)])


@pytest.mark.parametrize("size", SIZES[1:])
def test_every_leaf_is_proven_by_the_path_of_the_definition(size):
    leaves = hashes(size)
    frontier, nodes = grown(leaves)

    for index in range(size):
        path = inclusion_path(index, size, node_of(nodes))

        assert path == path_by_definition(index, leaves)
        assert root_from_path(leaves[index], index, size, path) == frontier.root()


@pytest.mark.parametrize("size", SIZES)
def test_every_older_tree_is_consistent_by_the_path_of_the_definition(size):
    leaves = hashes(size)
    root, nodes = root_by_definition(leaves), grown(leaves)[1]

    for old_size in range(size + 1):
        path = consistency_path(old_size, size, node_of(nodes))
        old_root = root_by_definition(leaves[:old_size])

        assert path == ([] if old_size == 0 else consistency_by_definition(old_size, leaves))
        check_consistency(old_size, old_root, size, root, path)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 21, 40])
def test_a_path_of_another_length_proves_nothing(size):
    leaves = hashes(size)
    nodes = grown(leaves)[1]

    for index in range(size):
        path = inclusion_path(index, size, node_of(nodes))
        longer = [*path, bytes(32)]
        assert refuses(root_from_path, leaves[index], index, size, longer) == "bad_path"
        if path:
            assert refuses(root_from_path, leaves[index], index, size, path[:-1]) == "bad_path"
            cut = [*path[:-1], path[-1][:31]]
            assert refuses(root_from_path, leaves[index], index, size, cut) == "bad_path"


@pytest.mark.parametrize("size", [2, 3, 7, 8, 9, 21, 40])
def test_a_consistency_path_of_another_length_proves_nothing(size):
    leaves = hashes(size)
    root, nodes = root_by_definition(leaves), grown(leaves)[1]

    for old_size in range(size + 1):
        path = consistency_path(old_size, size, node_of(nodes))
        old_root = root_by_definition(leaves[:old_size])
        for wrong in ([*path, bytes(32)], path[:-1], [*path[:-1], b"short"]):
            if wrong != path:
                code = refuses(check_consistency, old_size, old_root, size, root, wrong)
                assert code == "bad_path"


@pytest.mark.parametrize("size", [2, 3, 7, 8, 9, 21])
def test_every_hash_of_a_path_counts(size):
    leaves = hashes(size)
    root, nodes = root_by_definition(leaves), grown(leaves)[1]

    for old_size in range(1, size + 1):
        path = consistency_path(old_size, size, node_of(nodes))
        old_root = root_by_definition(leaves[:old_size])
        args = old_size, old_root, size, root
        for place in range(len(path)):
            forged = [*path[:place], leaf_hash(b"forged"), *path[place + 1 :]]
            assert refuses(check_consistency, *args, forged) == "not_consistent"
        other = bytes(32)
        assert refuses(check_consistency, old_size, other, size, root, path) == "not_consistent"
        assert refuses(check_consistency, old_size, old_root, size, other, path) == "not_consistent"


def test_the_empty_tree_begins_every_tree_but_only_under_its_own_root():
    check_consistency(0, EMPTY_ROOT, 5, bytes(32), [])
    check_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])

    assert refuses(check_consistency, 0, bytes(32), 5, bytes(32), []) == "not_consistent"
    assert refuses(check_consistency, 0, EMPTY_ROOT, 5, bytes(32), [bytes(32)]) == "bad_path"


def test_two_roots_of_one_size_are_a_fraud():
    root = root_of(hashes(5))

    check_consistency(5, root, 5, root, [])

    assert refuses(check_consistency, 5, root, 5, bytes(32), []) == "not_consistent"


@pytest.mark.parametrize(
    ("index", "size"),
    [(0, 0), (-1, 1), (1, 1), (5, 5), (2**63, 2**63), (0, SIZE_MAX + 1), (10**40, 10**41), (0, -1)],
)
def test_a_leaf_stands_inside_its_tree(index, size):
    assert refuses(root_from_path, bytes(32), index, size, []) == "bad_path"


@pytest.mark.parametrize(
    ("old_size", "size"), [(2, 1), (-1, 1), (1, SIZE_MAX + 1), (10**40, 10**41), (-2, -1)]
)
def test_an_older_tree_is_not_larger(old_size, size):
    assert refuses(check_consistency, old_size, bytes(32), size, bytes(32), []) == "bad_path"


def test_a_tree_larger_than_the_largest_has_no_paths():
    path = [bytes(32)] * 63

    assert refuses(root_from_path, bytes(32), 0, SIZE_MAX + 1, path) == "bad_path"
    assert len(root_from_path(bytes(32), 0, SIZE_MAX, path)) == 32


def test_the_largest_tree_has_paths_too():
    path = [bytes([number]) * 32 for number in range(63)]

    found = root_from_path(leaf_hash(b""), 5, SIZE_MAX, path)

    assert len(found) == 32
    assert refuses(root_from_path, leaf_hash(b""), 5, SIZE_MAX, path[:-1]) == "bad_path"


def test_an_inner_node_is_no_entry():
    left, right = hashes(2)

    forged = b"\x01" + left + right

    assert leaf_hash(forged) != node_hash(left, right)
    assert root_of([leaf_hash(forged)]) != root_of([left, right])
    assert root_from_path(leaf_hash(forged), 0, 1, []) != root_of([left, right])


def test_a_leaf_is_not_its_own_entry_hashed_bare():
    assert leaf_hash(b"entry") == sha256(b"\0entry").digest() != sha256(b"entry").digest()
    assert node_hash(b"l" * 32, b"r" * 32) == sha256(b"\1" + b"l" * 32 + b"r" * 32).digest()


def test_a_copied_frontier_grows_alone():
    frontier, _ = grown(hashes(5))
    root = frontier.root()

    copied = frontier.copy()
    copied.append(leaf_hash(b"more"))

    assert frontier.root() == root != copied.root()
    assert (frontier.size, copied.size) == (5, 6)


@pytest.mark.parametrize("size", SIZES)
def test_subtrees_are_stored_densely_in_the_order_in_which_they_are_made(size):
    frontier = Frontier()
    numbers = []

    for leaf in hashes(size):
        numbers += [stored_number(level, number) for level, number, _ in frontier.append(leaf)]

    assert numbers == list(range(2 * size - size.bit_count()))


@settings(max_examples=50)
@given(st.integers(1, 2**40), st.data())
def test_huge_trees_are_proven_from_a_rule_instead_of_a_store(size, data):
    index = data.draw(st.integers(0, size - 1))
    alike = [leaf_hash(b"same")]
    for _ in range(41):
        alike.append(node_hash(alike[-1], alike[-1]))

    path = inclusion_path(index, size, lambda level, _: alike[level])
    frontier = Frontier.load(size, lambda level, _: alike[level])
    old_size = data.draw(st.integers(0, size))
    older = Frontier.load(old_size, lambda level, _: alike[level]).root()

    assert root_from_path(alike[0], index, size, path) == frontier.root()
    check_consistency(
        old_size,
        older,
        size,
        frontier.root(),
        tree.consistency_path(old_size, size, lambda level, _: alike[level]),
    )


def indexes_below(size):
    return st.lists(st.integers(0, size - 1), min_size=1, unique=True).map(sorted)


def beside_by_definition(indexes, start, leaves):
    """The hashes of what holds none of `indexes`, from left to right."""
    if not any(start <= index < start + len(leaves) for index in indexes):
        return [root_by_definition(leaves)]
    if len(leaves) == 1:
        return []
    half = 1
    while 2 * half < len(leaves):
        half *= 2
    return [
        *beside_by_definition(indexes, start, leaves[:half]),
        *beside_by_definition(indexes, start + half, leaves[half:]),
    ]


@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), indexes_below(size))))
def test_several_leaves_are_proven_at_once_by_the_hashes_of_the_definition(drawn):
    size, indexes = drawn
    leaves = hashes(size)
    frontier, nodes = grown(leaves)
    known = [(index, leaves[index]) for index in indexes]

    found = inclusion_hashes(indexes, size, node_of(nodes))

    assert found == beside_by_definition(indexes, 0, leaves)
    assert root_from_hashes(known, size, found) == frontier.root()
    assert refuses(root_from_hashes, known, size, [*found, bytes(32)]) == "bad_path"
    if found:
        assert refuses(root_from_hashes, known, size, found[1:]) == "bad_path"
        other = [bytes(32), *found[1:]]
        assert root_from_hashes(known, size, other) != frontier.root()


@pytest.mark.parametrize("indexes", [[], [2, 1], [1, 1], [0, 8], [-1]])
def test_leaves_that_do_not_rise_or_are_not_there_prove_nothing(indexes):
    known = [(index, bytes(32)) for index in indexes]

    assert refuses(root_from_hashes, known, 8, []) == "bad_path"


def test_several_leaves_of_the_largest_tree_are_proven_without_its_other_leaves():
    alike = [leaf_hash(b"same")]
    for _ in range(64):
        alike.append(node_hash(alike[-1], alike[-1]))
    indexes = [0, 1, 2**40, SIZE_MAX - 1]

    found = inclusion_hashes(indexes, SIZE_MAX, lambda level, _: alike[level])

    root = Frontier.load(SIZE_MAX, lambda level, _: alike[level]).root()
    assert root_from_hashes([(one, alike[0]) for one in indexes], SIZE_MAX, found) == root
    assert len(found) < 64 * len(indexes)
