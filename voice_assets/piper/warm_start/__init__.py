"""Starting a training from a published voice, of which only the ``.onnx`` and its ``.onnx.json`` exist.

The generator is rebuilt from the ONNX and compared with onnxruntime. The posterior encoder, which no ONNX holds, learns from
the voice's own speech. The decoder is then tuned alone to the data set. The result is a checkpoint that
``piper.model.start_from`` takes. All of it runs on the CPU.

Not here: the training that follows (``piper.training``), and checkpoints of other trainings (``piper.checkpoint_fit``).
"""
