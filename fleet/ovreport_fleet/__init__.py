"""Runs `ovreport collect` on many machines, by what schedules their work already."""
