"""`python -m workbench.cli` is the console command too."""

from workbench.cli.main import main

main()
