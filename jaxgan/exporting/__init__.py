"""Exports of a run for use without jaxgan, and the model card.

Read first nets.py (the networks as functions of plain arrays) and write.py
(the folder of an export), then stablehlo.py and tensors.py; onnx_model.py,
onnx_ops.py and onnx_graph.py for ONNX; metadata.py, card.py, and read.py, which
opens an export.
"""
