"""The local model: llama.cpp inside this process, and where its weights come from."""
