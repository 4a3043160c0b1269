"""The Streamlit half: a page that reads the endpoint's events and writes them as they come."""

import json
import os

import httpx
import streamlit as st

st.session_state.setdefault("messages", [])
for message in st.session_state.messages:
    with st.chat_message(message["role"]):
        st.markdown(message["content"])


def tokens():
    body = {"messages": st.session_state.messages}
    with httpx.stream("POST", f"{os.environ['API']}/chat/stream", json=body, timeout=300) as response:
        for line in response.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line[6:])


if text := st.chat_input("Type a message"):
    st.session_state.messages.append({"role": "user", "content": text})
    with st.chat_message("user"):
        st.markdown(text)
    with st.chat_message("assistant"):
        answer = st.write_stream(tokens())
    st.session_state.messages.append({"role": "assistant", "content": answer})
