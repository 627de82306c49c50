"""Measurements of what the architecture promises; each is a program that prints its figures."""
