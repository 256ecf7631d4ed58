"""Tables read without trust, checked and written, and what they say of stock; never a solver."""
