"""What every cipher must do, and what only the real one has."""

import base64
import hashlib
import os
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.crypto.cipher import KeyRing, KeysInvalid
from adapters.crypto.weakness import weakness_of
from application.ports.cipher import Cipher, SealBroken, UnknownKey
from tests.fakes.cipher import FakeCipher

CONTEXT = "account/1/grant"
OLD, NEW = hashlib.sha256(b"old").digest(), hashlib.sha256(b"new").digest()

MakeCipher = Callable[[str], Cipher]


def make_fake(key: str) -> Cipher:
    return FakeCipher(key)


def make_ring(key: str) -> Cipher:
    return KeyRing({key: OLD})


@pytest.fixture(params=[make_fake, make_ring], ids=["fake", "aes-gcm"])
def make(request: pytest.FixtureRequest) -> MakeCipher:
    maker: MakeCipher = request.param
    return maker


@pytest.fixture
def cipher(make: MakeCipher) -> Cipher:
    return make("first")


@pytest.mark.parametrize("plaintext", [b"", b"x", b"\x00\xff" * 2000], ids=["empty", "short", "long"])
def test_opens_what_it_sealed(cipher: Cipher, plaintext: bytes) -> None:
    assert cipher.open(cipher.seal(plaintext, context=CONTEXT), context=CONTEXT) == plaintext


def test_seals_the_same_twice_into_different_bytes(cipher: Cipher) -> None:
    assert cipher.seal(b"same", context=CONTEXT) != cipher.seal(b"same", context=CONTEXT)


def test_shows_nothing_of_the_plaintext(cipher: Cipher) -> None:
    assert b"secret" not in cipher.seal(b"secret", context=CONTEXT)


def test_refuses_another_context(cipher: Cipher) -> None:
    sealed = cipher.seal(b"secret", context=CONTEXT)
    with pytest.raises(SealBroken):
        cipher.open(sealed, context="account/2/grant")


def test_refuses_a_change_of_any_byte(cipher: Cipher) -> None:
    sealed = cipher.seal(b"secret", context=CONTEXT)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises((SealBroken, UnknownKey)):
            cipher.open(bytes(changed), context=CONTEXT)


def test_refuses_what_was_cut_short(cipher: Cipher) -> None:
    sealed = cipher.seal(b"secret", context=CONTEXT)
    for length in range(len(sealed)):
        with pytest.raises((SealBroken, UnknownKey)):
            cipher.open(sealed[:length], context=CONTEXT)


@pytest.mark.parametrize("sealed", [b"", b"{}", b"[]", b"never sealed", b"\x01\x05first"])
def test_refuses_what_was_never_sealed(cipher: Cipher, sealed: bytes) -> None:
    with pytest.raises(SealBroken):
        cipher.open(sealed, context=CONTEXT)


def test_says_when_the_key_is_not_among_its_own(make: MakeCipher) -> None:
    sealed = make("second").seal(b"secret", context=CONTEXT)
    with pytest.raises(UnknownKey):
        make("first").open(sealed, context=CONTEXT)


def test_its_errors_carry_no_content(make: MakeCipher) -> None:
    sealed = make("first").seal(b"secret", context=CONTEXT)
    for cipher, context in [(make("first"), "elsewhere"), (make("second"), CONTEXT)]:
        with pytest.raises((SealBroken, UnknownKey)) as refused:
            cipher.open(sealed, context=context)
        assert refused.value.args == ()


class TestKeyRing:
    def test_seals_with_the_first_key(self) -> None:
        ring = KeyRing({"new": NEW, "old": OLD})
        assert ring.key_id(ring.seal(b"secret", context=CONTEXT)) == "new"

    def test_opens_with_every_key(self) -> None:
        sealed = KeyRing({"old": OLD}).seal(b"secret", context=CONTEXT)
        assert KeyRing({"new": NEW, "old": OLD}).open(sealed, context=CONTEXT) == b"secret"

    def test_refuses_another_key_of_the_same_name(self) -> None:
        sealed = KeyRing({"key": OLD}).seal(b"secret", context=CONTEXT)
        with pytest.raises(SealBroken):
            KeyRing({"key": NEW}).open(sealed, context=CONTEXT)

    def test_tells_the_key_of_what_it_can_not_open(self) -> None:
        sealed = KeyRing({"old": OLD}).seal(b"secret", context=CONTEXT)
        assert KeyRing({"new": NEW}).key_id(sealed) == "old"

    def test_adds_90_bytes_and_the_id(self) -> None:
        sealed = KeyRing({"old": OLD}).seal(b"x" * 3000, context=CONTEXT)
        assert len(sealed) == 3000 + 90 + len("old")

    def test_shows_no_key(self) -> None:
        ring = KeyRing({"old": b"k" * 32})
        assert repr(ring) == "KeyRing(ids=['old'])"
        assert "kkkk" not in str(vars(ring))

    @given(st.binary(max_size=300), st.text(max_size=40))
    def test_opens_any_bytes_in_any_context(self, plaintext: bytes, context: str) -> None:
        ring = KeyRing({"old": OLD})
        assert ring.open(ring.seal(plaintext, context=context), context=context) == plaintext

    @given(st.binary(max_size=200))
    def test_refuses_any_bytes_it_did_not_seal(self, sealed: bytes) -> None:
        with pytest.raises((SealBroken, UnknownKey)):
            KeyRing({"old": OLD}).open(sealed, context=CONTEXT)


class TestParse:
    @pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
    @pytest.mark.parametrize("padding", ["", "="])
    def test_reads_either_alphabet_padded_or_not(
        self, encode: Callable[[bytes], bytes], padding: str
    ) -> None:
        key = bytes.fromhex("fbff9d1ef3c6f87a0b71cbe2d5549a6bbfe0437fd0f2f3e9f6a1c3cb0d5bfa11")
        text = encode(key).decode().rstrip("=") + padding
        sealed = KeyRing({"a": key}).seal(b"secret", context=CONTEXT)
        assert KeyRing.parse(f"a:{text}").open(sealed, context=CONTEXT) == b"secret"

    def test_takes_the_first_for_sealing(self) -> None:
        new, old = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
        ring = KeyRing.parse(f" new:{new}, old:{old} ")
        assert ring.key_id(ring.seal(b"", context=CONTEXT)) == "new"

    @pytest.mark.parametrize(
        ("setting", "fault"),
        [
            ("", "key 1 is not written as id:base64"),
            ("hushhush", "key 1 is not written as id:base64"),
            (f"a:{base64.b64encode(OLD).decode()},hushhush", "key 2 is not written as id:base64"),
            ("a:hush!hush", "key 1 is not base64"),
            ("a:aHVzaA==", "key 1 has not 32 bytes"),
            (f"hush hush:{base64.b64encode(OLD).decode()}", "the id of key 1 is not 1 to 32 letters"),
            (
                f"a:{base64.b64encode(OLD).decode()},a:{base64.b64encode(NEW).decode()}",
                "the id of key 2 was used before",
            ),
        ],
    )
    def test_says_where_a_setting_is_wrong_but_not_what_it_holds(self, setting: str, fault: str) -> None:
        with pytest.raises(KeysInvalid, match=fault) as refused:
            KeyRing.parse(setting)
        assert "hush" not in str(refused.value)
        assert refused.value.__cause__ is None

    @pytest.mark.parametrize(
        ("key", "fault"),
        [
            (bytes(32), "is all zeros"),
            (b"\xa7" * 32, "is one byte over and over"),
            (b"\x07\xf1" * 16, "repeats a short pattern"),
            (NEW[:16] * 2, "repeats a short pattern"),
            ((NEW[:7] * 5)[:32], "repeats a short pattern"),
            (bytes(range(200, 232)), "counts up or down"),
            (bytes((250 - 9 * step) % 256 for step in range(32)), "counts up or down"),
            (b"correct horse battery staple 123", "is text"),
            (OLD.hex()[:32].encode(), "is text"),
            (NEW[:4] + bytes(28), "has too few different bytes"),
        ],
        ids=str,
    )
    def test_refuses_a_key_that_nobody_drew_at_random_without_repeating_it(
        self, key: bytes, fault: str
    ) -> None:
        weak, strong = (base64.b64encode(one).decode() for one in (key, OLD))
        for setting, position in ((f"weak:{weak}", 1), (f"strong:{strong},weak:{weak}", 2)):
            with pytest.raises(KeysInvalid, match=rf"^key {position} {fault}") as refused:
                KeyRing.parse(setting)
            assert weak[:8] not in str(refused.value)
            assert refused.value.__cause__ is None

    def test_refuses_one_key_under_two_ids(self) -> None:
        text = base64.b64encode(OLD).decode()
        with pytest.raises(KeysInvalid, match=r"^key 3 is the same as key 1$"):
            KeyRing.parse(f"a:{text},b:{base64.b64encode(NEW).decode()},c:{text}")

    def test_takes_a_weak_key_only_to_open_with_and_only_where_asked_to(self) -> None:
        weak, strong = base64.b64encode(bytes(32)).decode(), base64.b64encode(NEW).decode()
        sealed = KeyRing({"weak": bytes(32)}).seal(b"secret", context=CONTEXT)
        ring = KeyRing.parse(f"strong:{strong},weak:{weak}", weak_ones_open=True)
        assert ring.open(sealed, context=CONTEXT) == b"secret"
        assert ring.ids == ("strong", "weak")
        with pytest.raises(KeysInvalid, match=r"^key 1 is all zeros"):
            KeyRing.parse(f"weak:{weak},strong:{strong}", weak_ones_open=True)

    @given(st.binary(min_size=32, max_size=32).filter(lambda key: len(set(key)) > 20))
    def test_takes_keys_that_look_random(self, key: bytes) -> None:
        assume(not all(32 <= byte < 127 for byte in key) and weakness_of(key) != "counts up or down")
        KeyRing.parse("random:" + base64.b64encode(key).decode())
