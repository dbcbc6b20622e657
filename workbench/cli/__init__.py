"""The console command `workbench`."""
