// Above a block of code stands its language, by the name that the answer gave it.

const label = () => {
  for (const code of document.querySelectorAll('#chat pre:not([data-language]) > code[class*="language-"]')) {
    code.parentElement.dataset.language = /language-(\S+)/.exec(code.className)[1];
  }
};
new MutationObserver(label).observe(document.body, { childList: true, subtree: true });
label();
