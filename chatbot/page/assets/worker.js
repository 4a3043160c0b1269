// The service worker: shows a page of its own while the server cannot be reached. All but pages goes past it.

const page = ([title, text, again], locale) => `<!doctype html>
<html lang="${locale}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>
  body { margin: 0 24px; font: 16px/1.6 system-ui, sans-serif; text-align: center; }
  main { display: grid; place-content: center; justify-items: center; min-height: 100vh; }
  h1 { margin: 0; font-size: 24px; line-height: 1.3; }
  p { max-width: 30em; }
  a { padding: 8px 20px; border: 1px solid; border-radius: 20px; color: inherit; text-decoration: none; }
</style>
<main>
<h1>${title}</h1>
<p>${text}</p>
<a href="">${again}</a>
</main>
<script>
  const look = () => fetch("health").then(({ ok }) => { if (ok) location.reload(); }, () => {});
  setInterval(look, 3000);
</script>`;

const offline = () => {
  const inTexts = (language) => Object.keys(TEXTS).find((each) => each.split("-")[0] === language.split("-")[0]);
  const locale = navigator.languages.map(inTexts).find(Boolean) ?? "en";
  return new Response(page(TEXTS[locale], locale), { status: 503, headers: { "Content-Type": "text/html" } });
};

const load = async (event) => {
  try {
    return await event.preloadResponse ?? await fetch(event.request);
  } catch { // nothing listens there, or there is no network
    return offline();
  }
};

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(registration.navigationPreload?.enable()));
addEventListener("fetch", (event) => { if (event.request.mode === "navigate") event.respondWith(load(event)); });
