"""Chainlit's own guide for streaming from OpenAI."""

import os

import chainlit as cl
from openai import AsyncOpenAI

client = AsyncOpenAI()


@cl.on_message
async def on_message(message: cl.Message):
    answer = cl.Message(content="")
    stream = await client.chat.completions.create(
        messages=cl.chat_context.to_openai(), model=os.environ["MODEL"], stream=True
    )
    async for part in stream:
        if part.choices and (token := part.choices[0].delta.content or ""):
            await answer.stream_token(token)
    await answer.update()
