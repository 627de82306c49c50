"""The pages, one file per noun: each parses its request, calls what is below, and renders a template."""
