"""The page, in Gradio: its components, what their events do, and how messages look."""
