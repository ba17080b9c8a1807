"""What comes with us and what we hand on: dependencies and their licences, the packages built, the container."""
