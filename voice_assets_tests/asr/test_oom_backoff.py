import pytest

from voice_assets.asr.oom_backoff import oom_backoff
from voice_assets.asr.recogniser import RecogniserError
from voice_assets_tests.asr.small_device import SmallDevice


def test_what_does_not_fit_together_is_decoded_in_smaller_parts_in_order():
    device, sizes = SmallDevice(3), []
    assert oom_backoff(device.decode, list("abcdefghij"), lambda *numbers: sizes.append(numbers)) == list("ABCDEFGHIJ")
    assert device.held == [3, 3, 3, 1]
    assert sizes == [(10, 5), (5, 3)]
    assert oom_backoff(SmallDevice(4).decode, list("abcd"), lambda *_: pytest.fail("it fits")) == list("ABCD")


def test_one_clip_that_does_not_fit_is_an_error():
    with pytest.raises(RecogniserError, match="one clip alone"):
        oom_backoff(SmallDevice(0).decode, ["a", "b"], lambda *_: None)


def test_another_error_is_raised_as_it_is():
    def broken(items):
        raise RuntimeError(f"cuBLAS failed on {len(items)}")

    with pytest.raises(RuntimeError, match="cuBLAS failed on 2"):
        oom_backoff(broken, ["a", "b"], lambda *_: pytest.fail("memory did not run out"))
