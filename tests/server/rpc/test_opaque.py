"""Text that callers bring back as they got it."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.rpc.opaque import OpaqueText, OpaqueTextInvalid

kinds = st.builds(OpaqueText, digest_size=st.integers(4, 32), padded=st.booleans())
contents = st.binary(max_size=40)


@given(kinds, contents, contents)
def test_what_was_kept_comes_back(kind: OpaqueText, kept: bytes, bound_to: bytes) -> None:
    assert kind.read(kind.written(kept, bound_to=bound_to), bound_to=bound_to) == kept


@given(kinds, contents, st.data())
def test_no_other_text_stands_for_the_same(kind: OpaqueText, kept: bytes, data: st.DataObject) -> None:
    """Spare bits, padding, line ends, the other alphabet of base64: decoders overlook them."""
    text = kind.written(kept, bound_to=b"here")
    place = data.draw(st.integers(0, len(text)))
    letter = data.draw(st.sampled_from("AQgwBCD01_-+/= \n"))
    other = data.draw(
        st.sampled_from(
            [text[:place] + letter + text[place + 1 :], text[:place] + letter + text[place:], text[:place]]
        )
    )
    assume(other != text)

    with pytest.raises(OpaqueTextInvalid):
        kind.read(other, bound_to=b"here")


@given(kinds, contents)
def test_it_is_good_where_it_is_bound_to(kind: OpaqueText, kept: bytes) -> None:
    with pytest.raises(OpaqueTextInvalid):
        kind.read(kind.written(kept, bound_to=b"here"), bound_to=b"there")


@given(kinds, st.text(max_size=60))
def test_whatever_a_caller_makes_up_is_refused(kind: OpaqueText, text: str) -> None:
    with pytest.raises(OpaqueTextInvalid):
        kind.read(text, bound_to=b"here")
