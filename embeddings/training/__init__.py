"""How the encoder's adapter was trained; needed by nobody who uses it."""
