/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard.js - what cannot be done without a script: the theme before the
 * first paint, and manners of menus.  Everything works without this file.
 */
(() => {
	"use strict";

	const root = document.documentElement;
	const KEY = "callboard-theme";

	/* Storage may be forbidden; the server's cookie then decides alone. */
	const stored = (value) => {
		try {
			if (value === undefined)
				return localStorage.getItem(KEY);
			localStorage.setItem(KEY, value);
		} catch {
			/* nothing to keep it in */
		}
		return null;
	};

	const show = (theme) => {
		if (theme === "light" || theme === "dark")
			root.dataset.theme = theme;
		else if (theme === "auto")
			delete root.dataset.theme;
		for (const button of document.querySelectorAll("[name=theme][aria-pressed]"))
			button.setAttribute("aria-pressed", button.value === (root.dataset.theme ?? "auto"));
	};

	root.classList.add("js");
	show(stored());

	/* <form data-theme-form> posts; here at once, and the server's cookie follows. */
	document.addEventListener("submit", (event) => {
		const form = event.target;
		const theme = event.submitter?.value;

		if (!form.matches("[data-theme-form]") || !theme)
			return;
		event.preventDefault();
		const other = event.submitter.matches(".theme-to-dark, .theme-to-light");
		stored(theme);
		show(theme);
		fetch(form.action, {
			method: "POST",
			body: new URLSearchParams(new FormData(form, event.submitter)),
			redirect: "manual",
		}).catch(() => {});
		if (other) /* the button just pressed is hidden now: keep the focus */
			form.querySelector(theme === "dark" ? ".theme-to-light" : ".theme-to-dark")?.focus();
	});

	/* Menus close by Escape and by a click elsewhere. */
	document.addEventListener("click", (event) => {
		for (const menu of document.querySelectorAll("details.menu[open]"))
			if (!menu.contains(event.target))
				menu.open = false;
	});

	document.addEventListener("keydown", (event) => {
		const typing = event.target.matches?.("input, textarea, select, [contenteditable]");

		if (event.key === "Escape") {
			const menu = document.querySelector("details.menu[open]");
			if (menu) {
				menu.open = false;
				menu.querySelector("summary").focus();
			}
		} else if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
			const find = document.querySelector(".find input");
			if (find) {
				event.preventDefault();
				find.focus();
			}
		}
	});

	/* <button data-copy="text" data-copied="word to say"> */
	document.addEventListener("click", (event) => {
		const button = event.target.closest?.("[data-copy]");
		const word = button?.querySelector("[role=status]");

		if (!button || !navigator.clipboard)
			return;
		navigator.clipboard.writeText(button.dataset.copy).then(() => {
			const before = word.textContent;

			word.textContent = button.dataset.copied;
			setTimeout(() => {
				word.textContent = before;
			}, 2000);
		}).catch(() => {});
	});

	/* A filter or page link that htmx could not follow is followed by the browser. */
	const follow = (event) => {
		const ctx = event.detail?.ctx;

		if (ctx?.push && ctx.request?.method === "GET")
			location.assign(ctx.request.action);
	};
	document.addEventListener("htmx:response:error", follow);
	document.addEventListener("htmx:error", follow);

	document.addEventListener("DOMContentLoaded", () => show(stored()));

	/* A strip of tabs that is wider than the screen shows where one is. */
	document.addEventListener("DOMContentLoaded", () => {
		for (const here of document.querySelectorAll(".tabs > [aria-current]")) {
			const inner = here.getBoundingClientRect();
			const strip = here.parentElement;
			const outer = strip.getBoundingClientRect();

			strip.scrollLeft += (inner.left + inner.right - outer.left - outer.right) / 2;
		}
	});

	/* A graph that is larger than its box begins with what it is about. */
	document.addEventListener("DOMContentLoaded", () => {
		const box = document.querySelector(".graph-box");
		const here = box?.querySelector(".graph-node.here rect");

		if (!here)
			return;
		const inner = here.getBoundingClientRect();
		const outer = box.getBoundingClientRect();
		box.scrollLeft += (inner.left + inner.right - outer.left - outer.right) / 2;
		box.scrollTop += (inner.top + inner.bottom - outer.top - outer.bottom) / 2;
	});
})();
