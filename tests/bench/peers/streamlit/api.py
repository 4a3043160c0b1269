"""The FastAPI half of the usual tutorial: a chat endpoint that streams Server-Sent Events."""

import json
import os

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI
from pydantic import BaseModel

app = FastAPI()
client = AsyncOpenAI()


class Body(BaseModel):
    messages: list[dict[str, str]]


@app.post("/chat/stream")
async def chat_stream(body: Body):
    async def events():
        stream = await client.chat.completions.create(messages=body.messages, model=os.environ["MODEL"], stream=True)
        async for chunk in stream:
            if chunk.choices and (token := chunk.choices[0].delta.content):
                yield f"data: {json.dumps(token)}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")
