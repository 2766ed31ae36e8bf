"""A published voice speaks, and everything that its posterior encoder has to learn is written down: sound, z and durations.

onnxruntime speaks, four times as fast as PyTorch here: each sentence has another length. Two tensors inside the graph become
outputs: z, the input of the decoder, and the duration of each phoneme in frames. Not here: what is spoken
(``warm_start.sentences``), learning from it (``warm_start.distil``).
"""

import os
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from voice_assets.piper.errors import CheckpointError
from voice_assets.runtime import files

HOP = 256  # samples in a frame, in every voice of Piper
SHORTEST = 40  # frames; shorter sentences teach little
PORTION = 50  # sentences in a file: a killed process repeats no more
_SEEDING = threading.Lock()


@dataclass(frozen=True)
class Spoken:
    """One spoken sentence.

    Attributes:
        ids: the phonemes, [phonemes].
        z: the decoder's input, float16 [channels, frames].
        audio: int16 [256 frames].
        durations: frames of each phoneme, float32 [phonemes].
    """

    ids: list[int]
    z: Any
    audio: Any
    durations: Any

    @property
    def frames(self) -> int:
        """The length."""
        return int(self.z.shape[1])


def speak_all(
    onnx: Path, sentences: Sequence[list[int]], folder: Path, seed: int, on_done: Callable[[int], None]
) -> list[Spoken]:
    """Speak every sentence (phoneme ids), in portions that are written into ``folder``; portions that are there are read.

    Each portion has its own seed, so the same call gives the same speech, whatever was killed before. ``on_done`` gets the
    number of sentences that became ready.

    Raises:
        CheckpointError: the graph has no decoder or no durations where Piper's has them.
    """
    graph = _with_inner_outputs(onnx)
    starts = range(0, len(sentences), PORTION)

    def portion(start: int) -> list[Spoken]:
        file, asked = folder / f"speech_{start:05d}.pt", sentences[start : start + PORTION]
        if file.exists():
            return _read(file)
        spoken = list(_speak(graph, asked, seed + start))
        _write(file, spoken)
        return spoken

    result: list[Spoken] = []
    with ThreadPoolExecutor(max(1, min(4, os.cpu_count() or 1))) as pool:
        for start, spoken in zip(starts, pool.map(portion, starts), strict=True):
            result += spoken
            on_done(len(sentences[start : start + PORTION]))
    return result


def _with_inner_outputs(path: Path) -> bytes:
    """The model with z and the durations as second and third output."""
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    nodes = model.graph.node
    first = [node for node in nodes if node.op_type == "Conv" and len(node.input) > 2 and node.input[2] == "dec.conv_pre.bias"]
    rounded = [node for node in nodes if node.op_type == "Ceil"]
    if len(first) != 1 or len(rounded) != 1:
        raise CheckpointError(
            f"{path}: {len(first)} inputs of a decoder and {len(rounded)} roundings of durations in its graph, and a voice of "
            "Piper has one of each; take another published voice"
        )
    for name in (first[0].input[0], rounded[0].output[0]):
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    return bytes(model.SerializeToString())


def _speak(graph: bytes, sentences: Sequence[list[int]], seed: int) -> Iterator[Spoken]:
    """Speak with varied noise and speed. Sentences that are too short are left out."""
    session, generator = _session(graph, seed), random.Random(seed)
    for ids in sentences:
        scales = [generator.uniform(0.3, 1.0), generator.uniform(0.7, 1.35), generator.uniform(0.3, 1.0)]
        given = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
        }
        audio, z, durations = session.run(None, given)
        if z.shape[2] >= SHORTEST and np.isfinite(audio).all():
            samples = np.rint(np.clip(audio.reshape(-1), -1, 1) * 32767).astype(np.int16)
            yield Spoken(ids, z[0].astype(np.float16), samples, durations.reshape(-1).astype(np.float32))


def _session(graph: bytes, seed: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    with _SEEDING:
        onnxruntime.set_seed(seed)  # a session takes its seed when it is made
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _write(file: Path, spoken: list[Spoken]) -> None:
    import torch

    content = [
        {"ids": one.ids, **{name: torch.from_numpy(getattr(one, name)) for name in ("z", "audio", "durations")}}
        for one in spoken
    ]
    with files.replacing(file) as temporary:
        torch.save(content, temporary)


def _read(file: Path) -> list[Spoken]:
    import torch

    content = torch.load(file, weights_only=True)
    return [Spoken(one["ids"], *(one[name].numpy() for name in ("z", "audio", "durations"))) for one in content]
