"""The whole study: many independent jobs, and one table (see __main__)."""
