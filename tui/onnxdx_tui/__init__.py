"""The faces of onnxdx in a terminal. The only layer that imports click and textual."""
