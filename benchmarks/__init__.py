"""Workloads and their runner: ratios measured side by side in one run, never timed asserts."""
