from hypothesis import given
from hypothesis import strategies as st

from commonplace.models.batches import bucket


@given(st.lists(st.integers(1, 600), max_size=80), st.integers(1, 3000))
def test_every_text_is_in_one_batch_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = list(bucket(lengths, budget))
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[place] for place in batch)
        assert len(batch) == 1 or len(batch) * longest <= budget
