"""The bare ChatInterface of Gradio's guide, "Using your chatbot with OpenAI", with two changes: the address of the
server, and no limit of one chat at a time, without which there is nothing to compare."""

import os

import gradio as gr
from openai import OpenAI

client = OpenAI()


def predict(message, history):
    messages = [{"role": each["role"], "content": each["content"][0]["text"]} for each in history]
    messages.append({"role": "user", "content": message})
    stream = client.chat.completions.create(messages=messages, model=os.environ["MODEL"], stream=True)
    chunks = []
    for chunk in stream:
        if chunk.choices:
            chunks.append(chunk.choices[0].delta.content or "")
            yield "".join(chunks)


demo = gr.ChatInterface(predict, concurrency_limit=None)
demo.queue(default_concurrency_limit=None)
demo.launch(server_port=int(os.environ["PORT"]), max_threads=1000)
