// Imports an exported file, which the button opens the choice of, and says below it how that went. Stands after
// sentence.js; the list learns of what came from the server, as it does of every change.

const picker = Object.assign(make("input"), { type: "file", accept: ".json,.zip", hidden: true });
let importing = false;

const imported = async (file) => {
  try {
    const headers = { Authorization: `Bearer ${await ownToken()}` };
    const answer = await fetch(new URL("session/import", location.href), { method: "POST", headers, body: file });
    if (answer.ok) return { key: "data.imported", count: (await answer.json()).conversations.length };
    const { error } = await answer.json().catch(() => ({})); // the gate refuses the largest in other words
    if (!error && answer.status === 413) return { key: "failure.import.large" };
    return { sentence: page.inReadersWords(error.message) };
  } catch {
    return { key: "data.lost" };
  }
};

const tell = (told) => {
  props.value = JSON.stringify(told);
  draw(); // what Gradio itself sets is drawn by itself
};

// The button stays enabled to the keyboard, which would be nowhere otherwise, and does nothing meanwhile.
const busy = (on) => {
  importing = on;
  for (const name of ["aria-busy", "aria-disabled"]) document.querySelector("#import").setAttribute(name, on);
};

picker.addEventListener("change", async () => {
  const [file] = picker.files;
  picker.value = ""; // or choosing the same file again would be no change
  if (!file) return;
  busy(true);
  tell({});
  tell(await imported(file));
  busy(false);
});
document.addEventListener("click", ({ target }) => { if (target.closest("#import") && !importing) picker.click(); });
element.setAttribute("aria-live", "polite");
element.after(picker);
