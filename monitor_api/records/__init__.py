"""Records: people, devices, regimens, sessions, findings, alerts, audit; SQLAlchemy on SQLite."""
