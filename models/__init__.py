"""The shipped detectors: weights, cards, training, evaluation, export and quantisation."""
