"""GGUF and safetensors read as hostile bytes; never what the tensors mean."""
