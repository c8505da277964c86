"""`python -m grove.launch`: the same as `grove`."""

from grove.launch.main import main

main()
