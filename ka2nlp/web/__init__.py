"""The review desk as a web service: REST under ``/api/v1``, and pages for evaluators."""
