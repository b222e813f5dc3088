"""Documentation: the OpenAPI document, and a page made from it that loads nothing from anywhere."""
