"""Incident holds (avvikelsespärr): evidence kept and sealed, a device that two persons let go."""
