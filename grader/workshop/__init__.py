"""What a coursework's author works with. Import from the modules: some are needed where torch is not."""
