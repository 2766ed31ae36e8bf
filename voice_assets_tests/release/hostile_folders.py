"""Packages whose files want to do harm: each is a good package with one thing in it changed, and checksums that fit."""

import json
import os
import pickle
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from voice_assets.release.sums import SIGNATURE, SUMS, write_sums
from voice_assets_tests.release.small_package import NAME

CONFIG, MODEL, LINEAGE = f"{NAME}.onnx.json", f"{NAME}.onnx", "lineage.json"
Change = Callable[[Path], object]


def write(name: str, content: bytes) -> Change:
    return lambda folder: (folder / name).write_bytes(content)


def replace(name: str, old: bytes, new: bytes) -> Change:
    def change(folder: Path) -> None:
        data = (folder / name).read_bytes()
        assert old in data, (name, old)
        (folder / name).write_bytes(data.replace(old, new, 1))

    return change


def edit(name: str, change: Callable[[Any], object]) -> Change:
    """Change the JSON in a file in place."""

    def changed(folder: Path) -> None:
        content = json.loads((folder / name).read_bytes())
        change(content)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")

    return changed


def large(name: str, size: int) -> Change:
    """Make a file of ``size`` bytes, most of which are a hole."""
    return lambda folder: os.truncate(folder / name, size)


def link(name: str, target: str) -> Change:
    return lambda folder: (folder / name).symlink_to(target)


def bound_socket(folder: Path) -> None:
    here = os.getcwd()
    os.chdir(folder)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("socket")
    finally:
        os.chdir(here)


def model(change: Callable[[Any], object]) -> Change:
    """Change the model as a protobuf message."""

    def changed(folder: Path) -> None:
        import onnx

        loaded = onnx.load(str(folder / MODEL))
        change(loaded)
        (folder / MODEL).write_bytes(loaded.SerializeToString())

    return changed


def external(loaded: Any) -> None:
    tensor = loaded.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = 1
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../../../etc/passwd"


def nested_graph(loaded: Any) -> None:
    import onnx

    inside = onnx.helper.make_graph([], "body", [], [])
    loaded.graph.node.append(onnx.helper.make_node("Loop", ["a", "b"], ["c"], body=inside))


def many_names(loaded: Any) -> None:
    """One tensor of 1 MiB with 10,000 names."""
    import numpy as np
    import onnx

    loaded.graph.initializer.append(onnx.numpy_helper.from_array(np.zeros(1 << 18, np.float32), "large"))
    loaded.graph.node.extend(onnx.helper.make_node("Identity", ["large"], [f"name.{number}"]) for number in range(10_000))


def long_chain(loaded: Any) -> None:
    """190,000 names, each of which stands for the one before."""
    import onnx

    nodes = (onnx.helper.make_node("Identity", [f"name.{one + 1}"], [f"name.{one}"]) for one in range(190_000))
    loaded.graph.node.extend(nodes)


def own_operator(loaded: Any) -> None:
    loaded.graph.node[0].domain = "org.example.runs_code"


def short_weight(loaded: Any) -> None:
    loaded.graph.initializer[0].dims[0] = 1 << 60


class Hostile:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.system, ("touch outside",)


def samples_row(name: str) -> Change:
    return replace("samples/samples.tsv", b"sample_01.wav", name.encode())


def circle(content: Any) -> None:
    first, *others = content["materialisations"]
    kept = ("asset", "partition", "storage_id", "run_id", "data_version")
    onnx = next(one for one in others if one["asset"].endswith("/onnx_voice"))
    spoken = next(one for one in others if one["asset"].endswith("/voice_samples"))
    onnx["built_from"].append({key: spoken[key] for key in kept})
    assert first["asset"].endswith("/voice_package")


def wav_header(folder: Path) -> None:
    file = folder / "samples/sample_01.wav"
    data = bytearray(file.read_bytes())
    data[40:44] = b"\xff\xff\xff\x7f"
    data[24:28] = b"\xff\xff\xff\x7f"
    file.write_bytes(data)


FOLDERS: dict[str, tuple[Change, str]] = {
    "link out of it": (link("notes.txt", "/etc/passwd"), "a link"),
    "link to a folder": (link("more", "/"), "a link"),
    "link to itself": (link("loop", "."), "a link"),
    "pipe in the folder": (lambda folder: os.mkfifo(folder / "pipe"), "a pipe"),
    "socket in the folder": (bound_socket, "a socket"),
    "5 GB": (large("README.md", 5 << 30), "no voice package is that large"),
    "name with terminal codes": (write("\x1b[2J", b"x"), "control characters"),
    "two cases of a name": (write("readme.md", b"x"), "one file on some systems"),
    "list that leads out": (write(SUMS, b"0" * 64 + b"  ../../../etc/passwd\n"), "line 1 is not"),
    "list of 100 MB": (large(SUMS, 100 << 20), "so no list of a package's files"),
    "list that is binary": (write(SUMS, b"\xff\xfe" * 100), "not UTF-8"),
    "NaN in the config": (replace(CONFIG, b'"noise_scale": 0.667', b'"noise_scale": NaN'), "NaN is not a JSON number"),
    "infinite number in the config": (replace(CONFIG, b'"noise_scale": 0.667', b'"noise_scale": 1e999'), "too large a number"),
    "key twice in the config": (replace(CONFIG, b"{", b'{"hop_length": 1,'), "is there twice"),
    "deep config": (write(CONFIG, b"[" * 1_000_000), "nested too deep"),
    "config of 100 MB": (large(CONFIG, 100 << 20), "over 16777216 bytes"),
    "config of empty lists": (write(CONFIG, b"[" + b"[]," * 4_000_000 + b"1]"), "over 1000000 values"),
    "config that is a list": (write(CONFIG, b"[1]"), "a JSON object is needed"),
    "wrong types in the config": (edit(CONFIG, lambda it: it.update(audio="loud", num_symbols=[])), "audio"),
    "id out of the model": (edit(CONFIG, lambda it: it["phoneme_id_map"].update(a=[9999])), "has the id 9999"),
    "espeak voice that is a path": (edit(CONFIG, lambda it: it.update(espeak={"voice": "../../../etc/passwd"})), "not a voice"),
    "half a character in the config": (replace(CONFIG, b'"dataset": "tiny"', b'"dataset": "\\ud800"'), "half a character"),
    "NaN in voices.json": (write("voices.json", b'{"a": NaN}'), "NaN is not a JSON number"),
    "lineage in a circle": (edit(LINEAGE, circle), "built from each other"),
    "lineage of 70 MB": (large(LINEAGE, 70 << 20), "too large: over 67108864 bytes"),
    "lineage of empty lists": (write(LINEAGE, b'{"a": [' + b"[]," * 9_000_000 + b"1]}"), "too large: over 4000000 values"),
    "number without end in the lineage": (write(LINEAGE, b'{"format": ' + b"9" * 1_000_000 + b"}"), "not JSON"),
    "statement of the wrong type": (write("evidence/training.intoto.json", b'"PASSED"'), "a JSON object is needed"),
    "weights in another file": (model(external), "external_data"),
    "operator of its own": (model(own_operator), "operators of its own"),
    "graph in the graph": (model(nested_graph), "a graph in its graph"),
    "weight with many names": (model(many_names), f"{MODEL}: its SHA-256 is"),
    "chain of names": (model(long_chain), MODEL),
    "weight larger than the file": (model(short_weight), "damaged"),
    "model of empty parts": (write(MODEL, b"\x3a\x80\x80\x80\x05" + b"\x0a\x00" * (5 << 20)), "not an ONNX model"),
    "large parts that are no weights": (write(MODEL, b"\x0a\x80\x80\x80\x10" + b"x" * (32 << 20)), "are no weights"),
    "header that claims more": (write(MODEL, b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), "not an ONNX model"),
    "pickle as the model": (write(MODEL, pickle.dumps(Hostile())), "not an ONNX model"),
    "sample that leads out": (samples_row("../../../../etc/passwd"), "samples/../../../../etc/passwd: missing"),
    "table of many columns": (
        write("samples/samples.tsv", b"sample\ttext" + b"\tx" * 1_000_000 + b"\na" * 5_000),
        "1000002 columns",
    ),
    "header of a sample that claims more": (wav_header, "sample_01"),
    "table without end of a quotation": (replace("samples/samples.tsv", b"\n", b'\n"'), "samples.tsv"),
    "signature of nested lists": (write(SIGNATURE, b"[" * 1_000_000), SIGNATURE),
    "signature of empty lists": (write(SIGNATURE, b"[" + b"[]," * 5_000_000 + b"1]"), "over 1000000 values"),
    "signature of the wrong types": (write(SIGNATURE, b'{"dsseEnvelope": {"payload": 5}}'), SIGNATURE),
}
"""Kind -> what is changed in a good package, and words of the refusal."""


UNLISTED = {
    *("link out of it", "link to a folder", "link to itself", "pipe in the folder", "socket in the folder", "5 GB"),
    *("list that leads out", "list of 100 MB", "list that is binary"),
}
"""Kinds whose checksums stay: their list is hostile itself, or what it would list is no plain file or a hole of gigabytes."""


def write_folders(good: Path, folder: Path) -> dict[str, Path]:
    """Copy the package ``good`` for every kind, and change the copy. Returns the folders by kind."""
    found = {}
    for number, (kind, (change, _)) in enumerate(FOLDERS.items()):
        place = folder / f"{number:02}" / good.name
        place.mkdir(parents=True)
        for file in good.rglob("*"):
            target = place / file.relative_to(good)
            target.mkdir() if file.is_dir() else target.write_bytes(file.read_bytes())
        change(place)
        if kind not in UNLISTED:
            write_sums(place)
        found[kind] = place
    return found
