// A menu of actions at a button: [[name, label, act]]; those that switch something have a fourth value, whether it is on.

import { button, find, make, onKeys } from "./dom.js";

export const isMenuOpen = () => Boolean(find(".menu"));

const place = (menu, { left, right, top, bottom }) => {
  const { offsetWidth: width, offsetHeight: height } = menu;
  const isAbove = bottom + height > innerHeight && top > height;
  menu.style.setProperty("left", `${Math.max(4, Math.min(left, innerWidth - width - 4, right))}px`);
  menu.style.setProperty("top", `${Math.max(4, isAbove ? top - height : Math.min(bottom, innerHeight - height - 4))}px`);
};

// `closed` is called after the menu has gone.
export const openMenu = (opener, actions, closed) => {
  const menu = Object.assign(make("div", "menu"), { popover: "auto" });
  menu.setAttribute("role", "menu");
  const items = actions.map(([name, label, act, isOn]) => {
    const item = button(`item ${name}`, label, () => { menu.hidePopover(); act(); });
    item.setAttribute("role", isOn === undefined ? "menuitem" : "menuitemcheckbox");
    if (isOn !== undefined) item.setAttribute("aria-checked", isOn);
    return item;
  });
  const move = (step) => items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  onKeys(menu, { ArrowDown: () => move(1), ArrowUp: () => move(-1), Tab: () => menu.hidePopover() });
  menu.addEventListener("toggle", ({ newState }) => {
    if (newState === "open") return;
    opener.setAttribute("aria-expanded", "false");
    menu.remove();
    closed();
  });
  menu.append(...items);
  find("main").append(menu);
  opener.setAttribute("aria-expanded", "true");
  menu.showPopover();
  place(menu, opener.getBoundingClientRect());
  items[0].focus();
};
