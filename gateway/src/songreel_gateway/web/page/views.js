// The page's views: one is shown at a time.

const VIEWS = ["name", "consent", "check", "session", "result", "known", "erased", "trouble"];

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/**
 * @param {string} id
 * @returns {HTMLButtonElement}
 */
export function button(id) {
  return /** @type {HTMLButtonElement} */ (element(id));
}

/**
 * Shows a view and moves the focus to its heading, where screen readers go on.
 *
 * @param {string} view
 */
export function show(view) {
  for (const each of VIEWS) element(each).hidden = each !== view;
  document.body.dataset.view = view;
  for (const mark of document.querySelectorAll("#trail li")) {
    const here = mark instanceof HTMLElement && mark.dataset.view === view;
    if (here) mark.setAttribute("aria-current", "step");
    else mark.removeAttribute("aria-current");
  }
  scrollTo(0, 0);
  element(view).querySelector("h1")?.focus();
}

/**
 * Our consent texts' Markdown: headings, bullets, paragraphs, bold. As elements, never
 * as HTML.
 *
 * @param {HTMLElement} into
 * @param {string} text
 */
export function showMarkdown(into, text) {
  into.replaceChildren();
  /** @type {HTMLElement | null} */
  let list = null;
  for (const line of text.split("\n")) {
    if (line.startsWith("# ") || !line.trim()) continue;
    const bullet = line.startsWith("- ");
    if (bullet && !list) into.append(list = document.createElement("ul"));
    if (!bullet) list = null;
    const block = document.createElement(bullet ? "li" : "p");
    line.replace(/^- /, "").split("**").forEach((part, n) => {
      if (n % 2 === 0) return block.append(part);
      const bold = document.createElement("b");
      bold.textContent = part;
      return block.append(bold);
    });
    (list ?? into).append(block);
  }
}

/**
 * @param {HTMLElement} into
 * @param {[string, string][]} facts
 */
export function showFacts(into, facts) {
  into.replaceChildren(
    ...facts.flatMap(([name, value]) => {
      const term = document.createElement("dt");
      const told = document.createElement("dd");
      term.textContent = name;
      told.textContent = value;
      return [term, told];
    }),
  );
}

/** @param {string} time RFC 3339. */
export function day(time) {
  return new Date(time).toLocaleDateString("en", { dateStyle: "long" });
}
