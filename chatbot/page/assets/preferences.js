// The theme and the language that the visitor chose for this browser; empty: the browser's. early.js puts them in the place of
// what the browser says.

import { browserStorage } from "./storage.js";

export const preferences = {
  theme: browserStorage.get("theme") ?? "",
  language: browserStorage.get("language") ?? "",
  notifications: browserStorage.get("notifications") === "yes",
};

export const wantNotifications = (isWanted) => {
  preferences.notifications = isWanted;
  browserStorage.set("notifications", isWanted ? "yes" : "no");
};

export const chooseTheme = (theme) => {
  browserStorage.set("theme", theme);
  document.body.classList.toggle("dark", theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
};

// The texts of the page are in the language with which it was loaded.
export const chooseLanguage = (language) => {
  browserStorage.set("language", language);
  location.reload();
};
