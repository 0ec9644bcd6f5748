"""What the doctor looks at: the installation, a trial run, and files."""
