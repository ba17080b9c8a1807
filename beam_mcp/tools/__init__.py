"""The verbs: one toolset a file; a tool is an async function, typed parameters in, a view out."""
