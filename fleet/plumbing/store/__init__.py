"""The store's shape: roles, tables made from profiles, reference rows, and what a session may see of them."""
