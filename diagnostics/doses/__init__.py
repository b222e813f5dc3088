"""Doses: schedules and absences that care enters, and what has become of each dose."""
