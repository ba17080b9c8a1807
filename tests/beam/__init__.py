"""The Beam client, met through its public functions over real HTTP against the sandbox."""
