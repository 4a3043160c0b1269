// Fetches a file with the session's token, which belongs in no address, and hands it to the browser as a download.
async (token, conversation) => {
  const path = PATH.replace("{id}", conversation);
  const answer = await fetch(new URL(path, location.href), { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) return JSON.stringify({ key: answer.status === 404 ? "data.nothing" : "data.failed" });
  const [, name] = /filename="(.+)"/.exec(answer.headers.get("Content-Disposition") ?? "") ?? [];
  const link = Object.assign(document.createElement("a"), { download: name ?? "" });
  link.href = URL.createObjectURL(await answer.blob());
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return "";
}
