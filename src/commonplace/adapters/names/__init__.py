"""How kohya, SDXL and module trees name one weight; never a tensor's values."""
