"""The sandbox, met over real HTTP."""
