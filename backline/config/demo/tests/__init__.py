"""Tests of the demo scene: what is written, how it sounds by the numbers, its pictures and its files."""
