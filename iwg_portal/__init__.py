"""The IWG Portal. Empty on purpose: the supervising process imports this package and must stay small."""
