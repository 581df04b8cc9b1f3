"""The command line: each verb parses, calls the library and renders; no logic of its own."""
