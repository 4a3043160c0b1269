// What the page has to say of where it runs, in sentences: props.value, and what storage.js found.

const said = [...props.value];
if (page.forgetful) said.push("This browser lets the page keep nothing, so it will have forgotten you when you come back.");
element.replaceChildren(...said.map((text) => make("p", "", text)));
