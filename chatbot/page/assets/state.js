// The page's state machine. Nothing else decides what the page is doing.
//
//   loading ─▶ idle ──send──▶ sending ──running──▶ streaming ──stop──▶ stopping
//               ▲  ▲             │                     │                  │
//               │  └──refused────┘◀───────ended────────┴──────────────────┘
//               └──shown── leaving ◀──open── any of them
//
// A message that waited for the end of an answer leads from streaming or stopping to streaming.

const TRANSITIONS = {
  loading: ["idle"],
  idle: ["sending", "streaming", "leaving"],
  sending: ["streaming", "idle", "leaving"],
  streaming: ["stopping", "idle", "sending", "leaving"],
  stopping: ["streaming", "idle", "sending", "leaving"],
  leaving: ["idle", "sending"],
};

const listeners = [];

export const machine = {
  state: "loading",
  is: (...states) => states.includes(machine.state),
  get isAnswering() { return machine.is("sending", "streaming", "stopping"); },
  // Moves to another state, and tells the listeners. A transition that is not in the table is a mistake in the caller.
  to: (next) => {
    if (next === machine.state) return;
    if (!TRANSITIONS[machine.state].includes(next)) throw new Error(`no transition from ${machine.state} to ${next}`);
    machine.state = next;
    document.documentElement.dataset.state = next;
    listeners.forEach((listener) => listener(next));
  },
  onChange: (listener) => listeners.push(listener),
  // Resolves as soon as the page is in one of the states.
  until: (...states) => new Promise((resolve) => {
    const check = () => { if (machine.is(...states)) resolve(); };
    listeners.push(check);
    check();
  }),
};
