"""Write the files of a release next to the wheel: man page, shell completion, licences; check its version."""
