"""`python -m lumenward`."""

from lumenward.cli.main import main

main()
