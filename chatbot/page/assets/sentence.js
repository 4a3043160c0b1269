// A sentence of the app's: one of the interface's texts with its values, or what the server has to say in English.
// props.value is JSON: {key, ...values} or {sentence}, with a class name, and the key of a note below it.

const draw = () => {
  const { key, sentence, name = "", note, ...values } = JSON.parse(props.value || "{}");
  const said = sentence ?? (key && t(key, values));
  const lines = said ? [make("p", name, said)] : [];
  element.replaceChildren(...lines, ...(note ? [make("p", "", t(note))] : []));
};
watch("value", draw);
draw();
