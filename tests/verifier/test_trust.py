"""What a user believes: pinned keys, and the highest checkpoint that was seen."""

import pytest
from nacl.signing import SigningKey

from registry.errors import BrokenHistoryError, RefusedError
from registry.ledger.note import Checkpoint, VerifierKey, signature_line
from registry.verifier.trust import Memory, pin, pinned, pinned_for, pins_file

ONE, OTHER = SigningKey(bytes([1]) * 32), SigningKey(bytes([2]) * 32)


def key_of(signing: SigningKey, name: str = "registry.example/one") -> VerifierKey:
    return VerifierKey(name=name, public=bytes(signing.verify_key))


def note_of(
    signing: SigningKey, size: int, root: bytes, name: str = "registry.example/one"
) -> bytes:
    text = Checkpoint(origin=name, size=size, root=root).text()
    line = signature_line(key_of(signing, name), signing.sign(text.encode()).signature)
    return f"{text}\n{line}".encode()


@pytest.mark.usefixtures("home")
class TestPins:
    def test_nothing_is_believed_at_first(self):
        assert pinned() == []
        assert pinned_for("registry.example/one") is None

    def test_a_pinned_key_is_found_by_the_name_of_its_log(self):
        pin(key_of(ONE))

        assert pinned_for("registry.example/one") == key_of(ONE)
        assert pinned_for("registry.example/two") is None

    def test_a_key_pinned_twice_stands_there_once(self):
        pin(key_of(ONE))
        pin(key_of(ONE))

        assert pinned() == [key_of(ONE)]
        assert pins_file().read_text() == f"{key_of(ONE)}\n"

    def test_another_key_of_a_pinned_name_is_refused_and_the_first_stays(self):
        pin(key_of(ONE))

        with pytest.raises(RefusedError) as refusal:
            pin(key_of(OTHER))

        assert refusal.value.code == "other_key_pinned"
        assert refusal.value.facts["pinned"] == str(key_of(ONE))
        assert pinned() == [key_of(ONE)]

    def test_a_key_is_replaced_by_whoever_says_so(self):
        pin(key_of(ONE))
        pin(key_of(ONE, "registry.example/two"))

        pin(key_of(OTHER), replace=True)

        assert pinned_for("registry.example/one") == key_of(OTHER)
        assert pinned_for("registry.example/two") == key_of(ONE, "registry.example/two")
        assert len(pinned()) == 2

    def test_keys_of_several_logs_are_kept_oldest_first(self):
        names = ["registry.example/b", "registry.example/a", "registry.example/c"]

        for name in names:
            pin(key_of(ONE, name))

        assert [key.name for key in pinned()] == names

    def test_only_the_owner_reads_the_folder_of_pins(self):
        pin(key_of(ONE))

        assert pins_file().parent.stat().st_mode & 0o777 == 0o700
        assert [file.name for file in pins_file().parent.iterdir()] == ["trust"]

    @pytest.mark.parametrize(
        "text", ["nonsense\n", "a+00000000+AAAA\n", " \n", "# a comment\n"], ids=repr
    )
    def test_a_file_of_pins_that_holds_something_else_is_refused(self, text):
        pins_file().parent.mkdir(parents=True)
        pins_file().write_text(text)

        with pytest.raises(RefusedError) as refusal:
            pinned()

        assert refusal.value.code in {"bad_vkey", "bad_name"}

    def test_pins_are_where_the_environment_says(self, home):
        pin(key_of(ONE))

        assert pins_file() == home / "config" / "carbon-registry" / "trust"

    def test_without_the_environment_pins_are_in_the_home(self, home, monkeypatch):
        monkeypatch.delenv("XDG_CONFIG_HOME")
        monkeypatch.setenv("HOME", str(home))

        assert pins_file() == home / ".config" / "carbon-registry" / "trust"


@pytest.mark.usefixtures("home")
class TestMemory:
    def test_nothing_is_remembered_at_first(self):
        assert Memory(key=key_of(ONE)).read() is None

    def test_the_highest_checkpoint_is_remembered(self):
        memory = Memory(key=key_of(ONE))

        for size in (3, 9, 5):
            memory.remember(note_of(ONE, size, bytes([size]) * 32))

        assert memory.read() == Checkpoint(
            origin="registry.example/one", size=9, root=bytes([9]) * 32
        )
        assert memory.file.read_bytes() == note_of(ONE, 9, bytes([9]) * 32)

    def test_the_first_of_two_at_one_size_stays_as_evidence(self):
        memory = Memory(key=key_of(ONE))
        memory.remember(note_of(ONE, 5, bytes(32)))

        memory.remember(note_of(ONE, 5, bytes([1]) * 32))

        assert memory.read().root == bytes(32)

    def test_another_root_at_the_size_that_was_seen_is_a_fork(self):
        memory = Memory(key=key_of(ONE))
        memory.remember(note_of(ONE, 5, bytes(32)))

        with pytest.raises(BrokenHistoryError) as fault:
            memory.check(Checkpoint(origin="registry.example/one", size=5, root=bytes([1]) * 32))

        assert fault.value.code == "forked"
        assert fault.value.facts == {"size": 5, "evidence": str(memory.file)}

    @pytest.mark.parametrize("size", [4, 6])
    def test_another_root_at_another_size_says_nothing(self, size):
        memory = Memory(key=key_of(ONE))
        memory.remember(note_of(ONE, 5, bytes(32)))

        memory.check(Checkpoint(origin="registry.example/one", size=size, root=bytes([1]) * 32))

        assert memory.read().size == 5

    @pytest.mark.parametrize(
        "note",
        [note_of(OTHER, 5, bytes(32)), note_of(ONE, 5, bytes(32), "registry.example/two"), b""],
        ids=["another key", "another name", "nothing"],
    )
    def test_what_the_key_did_not_sign_is_not_remembered(self, note):
        memory = Memory(key=key_of(ONE))

        with pytest.raises(RefusedError):
            memory.remember(note)

        assert memory.read() is None
        assert not memory.file.exists()

    def test_a_file_that_the_key_did_not_sign_is_no_memory(self):
        memory = Memory(key=key_of(ONE))
        memory.file.parent.mkdir(parents=True)
        memory.file.write_bytes(note_of(OTHER, 5, bytes(32)))

        assert memory.read() is None

    def test_two_keys_are_remembered_apart(self):
        Memory(key=key_of(ONE)).remember(note_of(ONE, 5, bytes(32)))
        Memory(key=key_of(OTHER)).remember(note_of(OTHER, 7, bytes(32)))

        assert Memory(key=key_of(ONE)).read().size == 5
        assert Memory(key=key_of(OTHER)).read().size == 7


def test_an_audit_remembers_what_it_saw(book):
    memory = Memory(key=book.key)
    assert memory.read() is None

    audited = book.audited()

    assert memory.read() == Checkpoint(
        origin=audited.origin, size=audited.entries, root=audited.root
    )


def test_a_failed_audit_remembers_nothing(book):
    book.change("DELETE FROM detached")

    assert book.fault() is not None

    assert Memory(key=book.key).read() is None
