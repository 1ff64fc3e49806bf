"""What scripts/bench does: rows (what is compared), estates (on what), measure (how), report (the table)."""
