"""Measurements on a running app. They print figures for a person to judge, and fail only where they cannot measure.

python -m tests.bench.api_latency   what the API adds to a provider's first token, beside the SDK alone
python -m tests.bench.not_found     whether the time of a 404 tells that the conversation is somebody else's
"""
