"""The garbage collector of a process that works on facts: they hold no cycles, and come and go by the thousand."""

import gc


def keep_what_is_loaded() -> None:
    """Spare the collector what lives as long as the process, and look for cycles seldom: facts leave none."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
