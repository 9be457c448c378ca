"""Encoders: one protocol, several ways to turn texts into unit vectors."""
