"""The pages, one file per noun: each parses its request, calls actions or queries below, and renders a template."""
