"""The control API: everything tests do to the sandbox from outside its process, as JSON over HTTP."""
