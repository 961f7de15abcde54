"""Patients' courses: put together from what is stored, and judged when a fact or the clock says so."""
