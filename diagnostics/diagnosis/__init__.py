"""Diagnosis of one device: gathers what is known of it through the caller's scope, and shows what is probably wrong."""
