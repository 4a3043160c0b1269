"""A visitor of the soak: does what comes to mind, at the API and at the page, and remembers what that should leave."""

import copy
from random import Random
from typing import Any

import httpx

from tests.api import Json, Visitor, error_of, events, text_of
from tests.endurance.model import Talk
from tests.endurance.page import Page, Update, Wiring
from tests.endurance.talks import answer, ask
from tests.fake_upstream import FAULTS

FEW = 6
"""Conversations that a visitor has at most."""
PACES = ("pace:20", "pace:60", "pace:300")
PROVIDERS = ("openai", "anthropic")


class Wanderer:
    """One session. `step` does one thing; `talks` is what should be there then, `seen` whole answers as they came."""

    def __init__(self, url: str, wiring: Wiring, number: int, seed: int) -> None:
        self.api = Visitor(url)
        self.api.http.timeout = httpx.Timeout(120)
        self.api.token = self.api.http.post("/session").json()["token"]
        self.session_id = self.api.token.partition(".")[0]
        self.talks: dict[str, Talk] = {}
        self.seen: dict[tuple[str, str], str] = {}
        self.unsure: set[str] = set()
        """Questions of conversations that may be there or not: nobody waited to hear."""
        self.did: list[str] = []
        self._wiring = wiring
        self._dice = Random(f"{seed} {number}")  # noqa: S311 - the same each time
        self._number = number

    def step(self) -> None:
        """One thing, drawn at random. Raises AssertionError where the app does not do as it should."""
        anywhere = ["new", "new", "open_list", "abandon"]
        there = ["chat", "chat", "begin", "begin", "whole", "send", "send", "retry", "edit", "undo", "version"]
        there += ["stop", "stop_page", "rename", "delete", "take_along", "look"]
        rare = ["delete_all"] if self._dice.random() < 0.01 else []
        what = self._dice.choice(rare or anywhere + (there * 2 if self.talks else []))
        if what == "new" and len(self.talks) >= FEW:
            what = "delete"
        self.did.append(what)
        getattr(self, f"_{what}")()

    def ask_last(self, conversation_id: str) -> bool:
        """Whether the page can still be used there: a message gets its whole answer, and the box is free again."""
        update = self._page_turn(self._wiring.event("send"), conversation_id, "pace:300", self._text(), stay=True)
        return update is not None and self._wiring.box_is_free(self._wiring.event("send"), update)

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
            found = next(answered).data["conversation_id"]
            talk = self.talks.setdefault(found, Talk(""))
            name = ask(talk, text, talk.head)
            if not leave:
                self.seen[found, name] = text_of(answered)

    def _whole(self) -> None:
        conversation_id, text = self._any(), self._text()
        body = {"message": text, "conversation_id": conversation_id, **self._choice()}
        response = self.api.call("POST", "/chat", json=body)
        if response.status_code == 200 or error_of(response)["code"].startswith("provider_"):
            name = ask(self.talks[conversation_id], text, self.talks[conversation_id].head)
            if response.status_code == 200:
                self.seen[conversation_id, name] = response.json()["response"]
        else:
            assert error_of(response)["code"] == "busy", response.text

    def _send(self) -> None:
        conversation_id = self._any()
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
        """A turn at the page, left after some updates or watched; returns the last update, None of a refused one."""
        talk, last = self.talks[conversation_id], None
        most = 10**6 if stay or self._dice.random() < 0.5 else self._dice.randrange(1, 6)
        told = {"id": message_id, "text": text if edited else ""} if message_id else {}
        with self._page().watching(event, conversation_id, model, text, told) as updates:
            for number, update in enumerate(updates, 1):
                begun = update[event["outputs"].index(self._wiring.conversation)] == conversation_id
                if number == 1 and begun and message_id and not edited:
                    answer(talk, text)
                elif number == 1 and begun:
                    ask(talk, text, talk.said[edited].parent if edited else talk.head)
                last = update if begun or last else None
                if number == most:
                    break
        return last

    def _undo(self) -> None:
        conversation_id = self._any()
        talk = self.talks[conversation_id]
        asked = [name for name in talk.shown() if talk.said[name].role == "user"]
        if asked:
            self._page().call("undo", conversation_id, {})
            talk.remove(asked[-1])

    def _version(self) -> None:
        conversation_id = self._any()
        talk, messages = self.talks[conversation_id], self._exported(conversation_id)["messages"]
        names = [*talk.said]
        if names:
            chosen = self._dice.randrange(len(names))
            self._page().call("version", conversation_id, {"id": messages[chosen]["message_id"]})
            talk.head = talk.end(names[chosen])

    def _stop(self) -> None:
        assert self.api.stop(self._any()) in {"stopped", "idle"}

    def _stop_page(self) -> None:
        self._page().call("stop", self._any(), {})

    def _rename(self) -> None:
        conversation_id, title = self._any(), f"Title {self._dice.random()}"
        assert self.api.call("PATCH", f"/conversations/{conversation_id}", json={"title": title}).status_code == 200
        self.talks[conversation_id].title = title

    def _delete(self) -> None:
        conversation_id = self._any()
        assert self.api.call("DELETE", f"/conversations/{conversation_id}").status_code == 200
        del self.talks[conversation_id]

    def _delete_all(self) -> None:
        assert self.api.call("DELETE", "/session").status_code == 200
        self.talks.clear()

    def _take_along(self) -> None:
        conversation_id = self._any()
        if len(self.talks) < FEW:
            imported = self.api.call("POST", "/conversations/import", json=self._exported(conversation_id))
            assert imported.status_code == 201, imported.text
            copied = imported.json()["conversation_id"]
            self.talks[copied] = copy.deepcopy(self.talks[conversation_id])
            self.seen |= {(copied, name): text for (of, name), text in self.seen.items() if of == conversation_id}

    def _look(self) -> None:
        conversation_id = self._any()
        shown = [each["content"] for each in self.api.messages(conversation_id) if each["role"] == "user"]
        talk = self.talks[conversation_id]
        assert shown == [name for name in talk.shown() if talk.said[name].role == "user"]

    def _open_list(self) -> None:
        """A page that shows the list of conversations, and is closed."""
        with self._page().watching(self._wiring.event("join"), "", "", "", {}) as updates:
            next(updates)

    def _abandon(self) -> None:
        """A message from somebody who is gone before there is an answer of any kind."""
        text = self._text()
        self.unsure.add(text)
        try:
            wait = httpx.Timeout(self._dice.uniform(0.001, 0.1), connect=60)
            self.api.call("POST", "/chat", json={"message": text, **self._choice()}, timeout=wait)
        except httpx.TimeoutException:
            pass

    def _page(self) -> Page:
        return Page(self._wiring, self.api.http, self.api.token)

    def _any(self) -> str:
        return self._dice.choice([*self.talks])

    def _text(self) -> str:
        words = " ".join(["word"] * self._dice.randrange(1, 40))
        return f"s{self._number}q{len(self.did)} {self._dice.random()} {words}"

    def _choice(self) -> dict[str, Any]:
        model = self._dice.choice(PACES) if self._dice.random() < 0.6 else f"fault:{self._dice.choice([*FAULTS])}"
        return {"provider": self._dice.choice(PROVIDERS), "model": model}

    def _exported(self, conversation_id: str) -> Json:
        return self.api.get(f"/conversations/{conversation_id}/export", params={"format": "json"})

    def _question(self) -> tuple[str, str, str]:
        """A question on show, and the id of its message."""
        conversation_id = self._any()
        asked = [each for each in self.api.messages(conversation_id) if each["role"] == "user"]
        chosen = self._dice.choice(asked) if asked else {"content": "", "message_id": ""}
        return conversation_id, chosen["content"], chosen["message_id"]
