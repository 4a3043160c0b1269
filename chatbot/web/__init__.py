"""The two doors to the road: the page, and the API on the same port. Nothing below here knows Gradio or HTTP."""
