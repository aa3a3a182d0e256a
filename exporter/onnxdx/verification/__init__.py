"""What an ONNX model is held against: its runtime, torch's own results, and how near they are."""
