"""Amounts are told as people say them."""

import pytest

from connector.spec.schema import amounts


@pytest.mark.parametrize(
    ("amount", "said"), [(0, "0 credits"), (1, "1 credit"), (1.5, "1.5 credits"), (40, "40 credits")]
)
def test_one_credit_is_one(amount, said):
    """Any other number is several."""
    assert amounts.credits(amount) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1536, "1.5 KiB"),
        (1_048_575, "1 MiB"),
        (10 << 20, "10 MiB"),
        (3 << 30, "3 GiB"),
    ],
)
def test_a_size_has_three_digits(count, said):
    """More would say nothing to people."""
    assert amounts.size(count) == said
