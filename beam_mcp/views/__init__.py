"""What a reader needs of Beam's shapes, and no more: pure functions from models to words."""
