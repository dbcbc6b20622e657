"""`python -m workbench` is the console command too."""

from workbench.cli.main import main

main()
