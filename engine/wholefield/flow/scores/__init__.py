"""Figures of merit of a flow: endpoint error, sharpness of warped events, best translation, score card."""
