// What the page has to say of where it runs, in sentences: the texts that props.value names, and what storage.js found.

const said = [...props.value];
if (page.forgetful) said.push("notice.forgetful");
element.replaceChildren(...said.map((key) => make("p", "", t(key))));
