import pytest

from voice_assets.runtime import nvidia
from voice_assets.runtime.nvidia import DeviceError, Gpu, GpuUse, GpuUser

USE = """0, NVIDIA GeForce RTX 3090, 8123, 24576, 97
1, NVIDIA H100, 80GB, 11, 81559, 0
2, Some card, [N/A], [N/A], [N/A]

No devices were found
"""


def test_listings_of_nvidia_smi():
    assert nvidia.gpus("0, GPU-aa11, RTX 3090\n1, GPU-bb22, RTX 3090\n") == [
        Gpu(0, "GPU-aa11", "RTX 3090"),
        Gpu(1, "GPU-bb22", "RTX 3090"),
    ]
    assert nvidia.gpus("") == []
    users = nvidia.gpu_users("GPU-aa11, 4242, 7312, /usr/bin/python3, with a comma\nGPU-bb22, 7, [N/A], Xorg\n\n")
    assert users == [
        GpuUser("GPU-aa11", 4242, 7312, "/usr/bin/python3, with a comma"),
        GpuUser("GPU-bb22", 7, None, "Xorg"),
    ]


@pytest.mark.parametrize("parse", [nvidia.gpus, nvidia.gpu_users])
@pytest.mark.parametrize("line", ["No devices were found", "x, y, z, w"])
def test_a_listing_that_cannot_be_read_is_an_error(parse, line):
    with pytest.raises(DeviceError, match="unknown to us"):
        parse(line)


def test_how_busy_they_are():
    assert nvidia.gpu_use(USE) == [
        GpuUse(0, "NVIDIA GeForce RTX 3090", 8123, 24576, 97),
        GpuUse(1, "NVIDIA H100, 80GB", 11, 81559, 0),
        GpuUse(2, "Some card", None, None, None),
    ]
    assert nvidia.gpu_use("") == []


@pytest.mark.parametrize(
    ("script", "message"),
    [("echo driver mismatch; exit 9", "failed with code 9: driver mismatch"), ("exec sleep 5", "did not answer within 0.2 s")],
)
def test_a_driver_that_fails_or_hangs_is_an_error(tmp_path, monkeypatch, script, message):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(DeviceError, match=message):
        nvidia.nvidia_smi(nvidia.USE_FIELDS, patience_s=0.2)


def test_no_driver_is_no_answer(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert nvidia.nvidia_smi(nvidia.USE_FIELDS) == ""
