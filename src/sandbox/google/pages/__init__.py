"""The pages of Google's sign-in."""

from sandbox.pages import Pages

render = Pages("sandbox.google", "Google").render
