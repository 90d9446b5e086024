from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.feeds._ber import BerError, BerLimits, BerReader, Element
from tests.ingestion.tap_files import group, number, octets


def read(data: bytes, limits: BerLimits | None = None) -> Element:
    reader = BerReader(data, limits)
    element = reader.element()
    assert reader.next_tag() is None
    assert reader.at == len(data)
    return element


trees = st.recursive(
    st.tuples(st.integers(0, 2000), st.binary(max_size=200)),
    lambda inner: st.tuples(st.integers(0, 2000), st.lists(inner, max_size=4)),
    max_leaves=12,
)


def written(tree: tuple, indefinite: bool) -> bytes:
    tag, content = tree
    if isinstance(content, bytes):
        return octets(tag, content) or b""
    return group(tag, *(written(inner, indefinite) for inner in content), indefinite=indefinite)


def plain(element: Element) -> tuple:
    if isinstance(element.content, bytes):
        return element.tag, element.content
    return element.tag, [plain(inner) for inner in element.content]


@given(trees, st.booleans())
def test_what_was_written_is_read(tree: tuple, indefinite: bool) -> None:
    assert plain(read(written(tree, indefinite))) == tree


@given(trees, st.data())
def test_a_cut_file_is_never_whole(tree: tuple, draw: st.DataObject) -> None:
    data = written(tree, indefinite=draw.draw(st.booleans()))
    cut = draw.draw(st.integers(0, len(data) - 1))
    with pytest.raises(BerError):
        BerReader(data[:cut]).element()


@given(st.integers(-(2**63), 2**64))
def test_whole_numbers(value: int) -> None:
    assert read(group(1, number(2, value))).integer(2) == value


def test_going_through_a_file_holds_one_element_at_a_time() -> None:
    for indefinite in (False, True):
        data = group(1, *(number(2, n) for n in range(5)), indefinite=indefinite)
        reader = BerReader(data)
        assert reader.next_tag() == 1
        reader.enter()
        found = []
        while reader.next_tag() is not None:
            found.append(Element(0, [reader.element()]).integer(2))
        assert found == [0, 1, 2, 3, 4]
        assert reader.next_tag() is None and reader.at == len(data)


def test_other_classes_are_no_tags_of_the_application() -> None:
    universal = read(b"\x30\x03\x02\x01\x05")
    assert universal.tag < 0 and universal.find(2) is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "byte 0: cut off"),
        (b"\x41", "byte 0: cut off"),
        (b"\x5f\x81", "byte 1: a tag that does not end"),
        (b"\x5f\x81\x81\x81\x81\x01\x00", "byte 1: a tag that does not end"),
        (b"\x41\x88\xff\xff\xff\xff\xff\xff\xff\xff", "a length of 18446744073709551615"),
        (b"\x41\x89" + b"\0" * 9, "byte 0: a length of 9 bytes"),
        (b"\x41\x82\x01", "byte 0: cut off"),
        (b"\x41\x80\0\0", "byte 0: a value without a length"),
        (b"\x61\x80\x41\x01", "byte 2: a length of 1 where 0 bytes are left"),
        (b"\x61\x80\x41\x00", "byte 4: cut off"),
        (b"\x61\x80\x41\x00\0", "byte 4: an end of contents that ends nothing"),
        (b"\x61\x02\0\0", "byte 2: an end of contents that ends nothing"),
        # The inner element's end is marked by bytes that lie behind the outer one.
        (b"\x61\x02\x62\x80\0\0", "the end of an element lies outside what holds it"),
        (b"\x61\x04\x41\x03ab", "byte 2: a length of 3"),
    ],
)
def test_what_is_no_ber_is_told_with_its_place(data: bytes, message: str) -> None:
    with pytest.raises(BerError) as caught:
        BerReader(data).element()
    assert message in str(caught.value)


@pytest.mark.parametrize("indefinite", [False, True])
def test_depth_and_number_of_elements_are_limited(indefinite: bool) -> None:
    nested = b""
    for _ in range(5):
        nested = group(1, nested, indefinite=indefinite)
    read(nested, BerLimits(depth=5))
    with pytest.raises(BerError, match="nested deeper than 4"):
        read(nested, BerLimits(depth=4))
    many = group(1, *[number(2, 1)] * 9, indefinite=indefinite)
    read(many, BerLimits(elements=10))
    with pytest.raises(BerError, match="more than 9 elements"):
        read(many, BerLimits(elements=9))


def test_entering_counts_as_depth_and_needs_an_element_that_holds_others() -> None:
    reader = BerReader(group(1, group(2, group(3))), BerLimits(depth=2))
    reader.enter()
    reader.enter()
    with pytest.raises(BerError, match="nested deeper than 2"):
        reader.enter()
    with pytest.raises(BerError, match="should hold others"):
        BerReader(number(1, 1) or b"").enter()


def test_a_million_levels_do_no_harm() -> None:
    with pytest.raises(BerError, match="nested deeper"):
        BerReader(b"\x61\x80" * 1_000_000).element()


def test_values_of_the_wrong_kind_are_told() -> None:
    element = read(group(1, group(2), octets(3, b""), octets(4, b"x" * 17)))
    for tag, message in ((2, "further elements"), (3, "0 bytes"), (4, "17 bytes")):
        with pytest.raises(ValueError, match=message):
            element.integer(tag)
    assert element.integer(9) is None and element.octets(9, 9) is None
