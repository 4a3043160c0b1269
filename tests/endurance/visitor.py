"""A visitor of the soak test: does random steps through the API and the page, and records the expected result."""

import copy
from random import Random
from typing import Any

import httpx

from tests.endurance.model import ConversationModel
from tests.endurance.page import Page, Update, Wiring
from tests.endurance.talks import add_answer, add_turn
from tests.fake_upstream import FAULTS
from tests.support.api_client import Json, Visitor, error_of, events, text_of

MAX_CONVERSATIONS = 6
PACES = ("pace:20", "pace:60", "pace:300")
PROVIDERS = ("openai", "anthropic")


class RandomVisitor:
    """One session. `conversations` are the expected ones; `seen` are the texts of completely received answers."""

    def __init__(self, url: str, wiring: Wiring, number: int, seed: int) -> None:
        self.api = Visitor(url)
        self.api.http.timeout = httpx.Timeout(120)
        self.api.token = self.api.http.post("/session").json()["token"]
        self.session_id = self.api.token.partition(".")[0]
        self.conversations: dict[str, ConversationModel] = {}
        self.seen: dict[tuple[str, str], str] = {}
        self.abandoned: set[str] = set()
        """Questions whose conversation may not exist: the visitor did not wait for the response."""
        self.steps: list[str] = []
        self._wiring = wiring
        self._dice = Random(f"{seed} {number}")  # noqa: S311 - reproducible
        self._number = number

    def step(self) -> None:
        """Does one random step. Raises AssertionError if the app behaves wrongly."""
        general = ["new", "new", "open_list", "abandon"]
        specific = ["chat", "chat", "begin", "begin", "whole", "send", "send", "retry", "edit", "undo", "version"]
        specific += ["stop", "stop_page", "rename", "delete", "import", "check_questions"]
        rare = ["delete_all"] if self._dice.random() < 0.01 else []
        what = self._dice.choice(rare or general + (specific * 2 if self.conversations else []))
        if what == "new" and len(self.conversations) >= MAX_CONVERSATIONS:
            what = "delete"
        self.steps.append(what)
        getattr(self, f"_{what}")()

    def page_is_usable(self, conversation_id: str) -> bool:
        """Tells whether the page is usable: a message gets its answer, and the box accepts the next one."""
        update = self._page_turn(self._wiring.event("send"), conversation_id, "pace:300", self._text(), stay=True)
        return update is not None and update[0]["phase"] == "idle"

    def _new(self) -> None:
        self._stream("")

    def _chat(self) -> None:
        self._stream(self._any())

    def _begin(self) -> None:
        self._stream(self._any(), leave=True)

    def _stream(self, conversation_id: str, leave: bool = False) -> None:
        text = self._text()
        body = {"message": text, **self._choice()} | ({"conversation_id": conversation_id} if conversation_id else {})
        request = self.api._with_token({"json": body})
        with self.api.http.stream("POST", "/chat/stream", **request) as response:
            if response.status_code != 200:
                response.read()
                assert error_of(response)["code"] == "busy", response.text
                return
            answered = events(response.iter_raw())
            conversation_id = next(answered).data["conversation_id"]
            conversation = self.conversations.setdefault(conversation_id, ConversationModel(""))
            name = add_turn(conversation, text, conversation.head)
            if not leave:
                self.seen[conversation_id, name] = text_of(answered)

    def _whole(self) -> None:
        conversation_id, text = self._any(), self._text()
        body = {"message": text, "conversation_id": conversation_id, **self._choice()}
        response = self.api.call("POST", "/chat", json=body)
        if response.status_code == 200 or error_of(response)["code"].startswith("provider_"):
            name = add_turn(self.conversations[conversation_id], text, self.conversations[conversation_id].head)
            if response.status_code == 200:
                self.seen[conversation_id, name] = response.json()["response"]
        else:
            assert error_of(response)["code"] == "busy", response.text

    def _send(self) -> None:
        conversation_id = self._any()
        stored = self.api.messages(conversation_id)
        if stored and stored[-1]["status"] == "running":
            return  # it would wait for the answer's end, which `interruptions` tests
        self._page_turn(self._wiring.event("send"), conversation_id, self._choice()["model"], self._text())

    def _retry(self) -> None:
        conversation_id, question, message_id = self._question()
        if question:
            self._page_turn(self._wiring.event("retry"), conversation_id, self._choice()["model"], question, message_id)

    def _edit(self) -> None:
        conversation_id, question, message_id = self._question()
        if question:
            event = self._wiring.event("edit")
            self._page_turn(event, conversation_id, self._choice()["model"], self._text(), message_id, question)

    def _page_turn(
        self,
        event: Json,
        conversation_id: str,
        model: str,
        text: str,
        message_id: str = "",
        edited: str = "",
        stay: bool | None = None,
    ) -> Update | None:
        """Starts a turn through the page and reads some or all updates; returns the last one, None if refused."""
        conversation, last = self.conversations[conversation_id], None
        limit = 10**6 if stay or self._dice.random() < 0.5 else self._dice.randrange(1, 6)
        event_data = {"id": message_id} if message_id else {}
        with self._page().watching(event, conversation_id, model, text, event_data) as updates:
            for number, update in enumerate(updates, 1):
                started = update[0].get("conversation_id") == conversation_id
                if number == 1 and started and message_id and not edited:
                    add_answer(conversation, text)
                elif number == 1 and started:
                    add_turn(conversation, text, conversation.messages[edited].parent if edited else conversation.head)
                last = update if started or last else None
                if number == limit:
                    break
        return last

    def _undo(self) -> None:
        conversation_id = self._any()
        conversation = self.conversations[conversation_id]
        asked = [name for name in conversation.shown() if conversation.messages[name].role == "user"]
        if asked:
            self._page().call("undo", conversation_id, {})
            conversation.undo(asked[-1])

    def _version(self) -> None:
        conversation_id = self._any()
        conversation, messages = self.conversations[conversation_id], self._exported(conversation_id)["messages"]
        names = [*conversation.messages]
        if names:
            chosen = self._dice.randrange(len(names))
            self._page().call("version", conversation_id, {"id": messages[chosen]["message_id"]})
            conversation.head = conversation.end(names[chosen])

    def _stop(self) -> None:
        assert self.api.stop(self._any()) in {"stopped", "idle"}

    def _stop_page(self) -> None:
        self._page().call("stop", self._any(), {})

    def _rename(self) -> None:
        conversation_id, title = self._any(), f"Title {self._dice.random()}"
        assert self.api.call("PATCH", f"/conversations/{conversation_id}", json={"title": title}).status_code == 200
        self.conversations[conversation_id].title = title

    def _delete(self) -> None:
        conversation_id = self._any()
        assert self.api.call("DELETE", f"/conversations/{conversation_id}").status_code == 200
        del self.conversations[conversation_id]

    def _delete_all(self) -> None:
        assert self.api.call("DELETE", "/session").status_code == 200
        self.conversations.clear()

    def _import(self) -> None:
        conversation_id = self._any()
        if len(self.conversations) < MAX_CONVERSATIONS:
            imported = self.api.call("POST", "/conversations/import", json=self._exported(conversation_id))
            assert imported.status_code == 201, imported.text
            copied = imported.json()["conversation_id"]
            self.conversations[copied] = copy.deepcopy(self.conversations[conversation_id])
            self.seen |= {(copied, name): text for (each, name), text in self.seen.items() if each == conversation_id}

    def _check_questions(self) -> None:
        conversation_id = self._any()
        shown = [each["content"] for each in self.api.messages(conversation_id) if each["role"] == "user"]
        conversation = self.conversations[conversation_id]
        assert shown == [name for name in conversation.shown() if conversation.messages[name].role == "user"]

    def _open_list(self) -> None:
        """Opens a page with the list of conversations and closes it."""
        with self._page().watching(self._wiring.event("watch"), "", "", "", {}) as updates:
            next(updates)

    def _abandon(self) -> None:
        """Sends a message and disconnects before the response."""
        text = self._text()
        self.abandoned.add(text)
        try:
            wait = httpx.Timeout(self._dice.uniform(0.001, 0.1), connect=60)
            self.api.call("POST", "/chat", json={"message": text, **self._choice()}, timeout=wait)
        except httpx.TimeoutException:
            pass

    def _page(self) -> Page:
        return Page(self._wiring, self.api.http, self.api.token)

    def _any(self) -> str:
        return self._dice.choice([*self.conversations])

    def _text(self) -> str:
        words = " ".join(["word"] * self._dice.randrange(1, 40))
        return f"s{self._number}q{len(self.steps)} {self._dice.random()} {words}"

    def _choice(self) -> dict[str, Any]:
        model = self._dice.choice(PACES) if self._dice.random() < 0.6 else f"fault:{self._dice.choice([*FAULTS])}"
        return {"provider": self._dice.choice(PROVIDERS), "model": model}

    def _exported(self, conversation_id: str) -> Json:
        return self.api.get(f"/conversations/{conversation_id}/export", params={"format": "json"})

    def _question(self) -> tuple[str, str, str]:
        """Returns the ids of a conversation and of one of its questions on display, with the question between them."""
        conversation_id = self._any()
        asked = [each for each in self.api.messages(conversation_id) if each["role"] == "user"]
        chosen = self._dice.choice(asked) if asked else {"content": "", "message_id": ""}
        return conversation_id, chosen["content"], chosen["message_id"]
