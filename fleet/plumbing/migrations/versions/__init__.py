"""Numbered migrations, each runnable while the previous release still serves."""
