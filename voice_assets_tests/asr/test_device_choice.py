import pytest

from voice_assets.asr.device_choice import _choose_compute_type, choose, streams
from voice_assets.asr.recogniser import RecogniserError


@pytest.mark.parametrize(
    ("cores", "expected"),
    [(1, (1, 1)), (2, (2, 1)), (3, (3, 1)), (4, (4, 1)), (6, (3, 2)), (8, (4, 2)), (9, (3, 3)), (64, (4, 16))],
)
def test_streams_use_the_cores(cores, expected):
    assert streams(cores) == expected


@pytest.mark.parametrize("device", ["tpu", ""])
def test_an_unknown_device_is_an_error(device):
    with pytest.raises(RecogniserError, match="auto, cpu, cuda"):
        choose(device, "int8")


def test_float16_becomes_int8_only_for_device_auto(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert choose("cpu", "int8").note == ""
    chosen = choose("auto", "float16")
    assert (chosen.device, chosen.compute_type) == ("cpu", "int8")
    assert "float16 became int8" in chosen.note
    with pytest.raises(RecogniserError, match=r"'float16' is not supported on cpu; supported: .*int8"):
        choose("cpu", "float16")
    with pytest.raises(RecogniserError, match="'int3'"):
        choose("auto", "int3")


@pytest.mark.parametrize(
    ("device", "compute_type"),
    [
        ("cpu", "int8"),
        ("auto", "int8"),
        ("cpu", "float32"),
        ("auto", "float32"),
        ("auto", "float16"),
        ("auto", "int8_float16"),
    ],
)
def test_what_is_chosen_without_asking_the_library_is_what_the_library_supports(monkeypatch, device, compute_type):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert choose(device, compute_type) == _choose_compute_type(compute_type, "cpu", device)
