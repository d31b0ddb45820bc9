"""Descriptions of synthetic scenes: who composes them, who renders them, and what becomes of them on disk."""
