"""Schedules: cron lines, what becomes of missed times, and what may be spent."""
