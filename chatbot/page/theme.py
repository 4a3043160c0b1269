"""The page's colours and type: Gradio's base theme, calmer, in the fonts that every system has."""

import gradio as gr

SANS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
MONO = ["ui-monospace", "SF Mono", "Menlo", "Consolas", "monospace"]


def theme() -> gr.themes.Base:
    """A theme that loads nothing from other hosts."""
    return gr.themes.Base(primary_hue="indigo", neutral_hue="zinc", radius_size="lg", font=SANS, font_mono=MONO).set(
        body_background_fill="white",
        body_background_fill_dark="*neutral_900",
        background_fill_primary="white",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_50",
        background_fill_secondary_dark="*neutral_950",
        block_background_fill="*neutral_100",
        block_background_fill_dark="*neutral_800",
        block_border_width="0px",
        block_label_text_size="*text_sm",
        block_title_text_weight="500",
        block_title_text_color="*neutral_600",
        block_info_text_color="*neutral_600",
        border_color_primary="*neutral_200",
        border_color_primary_dark="*neutral_700",
        input_background_fill="white",
        input_background_fill_dark="*neutral_800",
        input_border_width="1px",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
    )
