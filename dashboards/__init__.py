"""Grafana as code: dashboards made from the device profiles, tried on a real database, committed as plain JSON."""
