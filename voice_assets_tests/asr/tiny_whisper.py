"""A very small Whisper model with random weights and 128 mel bins. It has the shapes of ``large-v3``; it recognises nothing."""

import json
import shutil

import numpy as np

WIDTH, BINS = 64, 128


class _Filler:
    def __init__(self):
        self._rng = np.random.default_rng(0)

    def array(self, *shape):
        return self._rng.normal(scale=0.05, size=shape).astype(np.float32)

    def linear(self, layer, rows, columns):
        layer.weight, layer.bias = self.array(rows, columns), np.zeros(rows, np.float32)

    def norm(self, layer):
        layer.gamma, layer.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    def attention(self, layer, rows):
        self.norm(layer.layer_norm)
        for linear, count in zip(layer.linear, rows, strict=True):
            self.linear(linear, count * WIDTH, WIDTH)

    def feed_forward(self, layer):
        self.norm(layer.layer_norm)
        self.linear(layer.linear_0, 4 * WIDTH, WIDTH)
        self.linear(layer.linear_1, WIDTH, 4 * WIDTH)


def _encoder(fill, encoder):
    encoder.conv1.weight, encoder.conv1.bias = fill.array(WIDTH, BINS, 3), np.zeros(WIDTH, np.float32)
    encoder.conv2.weight, encoder.conv2.bias = fill.array(WIDTH, WIDTH, 3), np.zeros(WIDTH, np.float32)
    encoder.position_encodings.encodings = fill.array(1500, WIDTH)
    for layer in encoder.layer:
        fill.attention(layer.self_attention, (3, 1))
        fill.feed_forward(layer.ffn)
    fill.norm(encoder.layer_norm)


def _decoder(fill, decoder, words):
    decoder.embeddings.weight = fill.array(words, WIDTH)
    decoder.projection.weight = decoder.embeddings.weight
    decoder.position_encodings.encodings = fill.array(448, WIDTH)
    decoder.scale_embeddings = False
    for layer in decoder.layer:
        fill.attention(layer.self_attention, (3, 1))
        fill.attention(layer.attention, (1, 2, 1))
        fill.feed_forward(layer.ffn)
    fill.norm(decoder.layer_norm)


def build(folder, base):
    """Write the model into ``folder``, with the vocabulary, tokens and settings of the model in ``base``."""
    from ctranslate2.specs import WhisperSpec

    settings = json.loads((base / "config.json").read_text())
    vocabulary = (base / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
    vocabulary = vocabulary[:-1] if vocabulary[-1] == "" else vocabulary
    spec, fill = WhisperSpec(1, 2, 1, 2), _Filler()
    _encoder(fill, spec.encoder)
    _decoder(fill, spec.decoder, len(vocabulary))
    for name, value in settings.items():
        setattr(spec.config, name, value)
    spec.config.alignment_heads = [[0, 0]]
    spec.register_vocabulary(vocabulary)
    spec.validate()
    spec.optimize()
    spec.save(str(folder))
    shutil.copy(base / "tokenizer.json", folder)
    return folder
