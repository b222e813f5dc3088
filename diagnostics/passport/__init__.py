"""The device passport: a device's technical life on one page, and its return."""
