"""The only place with private names of torch and onnxscript: for each, why it is needed and since which version.

`torch.onnx._internal` is not used, here or anywhere: that exporter is the peer, not the engine.
"""
