"""Learning from verdicts: what was shown and judged becomes weights that administrators may put to use."""
