"""Diagnosis, pure: from what is known of a device to ranked causes, with the evidence for and against each."""
