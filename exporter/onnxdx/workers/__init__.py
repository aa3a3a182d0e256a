"""What runs in the worker processes of the command line beside the export itself."""
