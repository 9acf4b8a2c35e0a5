"""The pages of Microsoft's sign-in."""

from sandbox.pages import Pages

render = Pages("sandbox.identity", "Microsoft").render
