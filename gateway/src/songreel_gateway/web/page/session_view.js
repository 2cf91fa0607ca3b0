// What a person sees and hears during the check.

import { element } from "./views.js";
import { say } from "./speech.js";

export class SessionView {
  #spoken = false;
  /** @type {import("./enrollment_session.js").ProgressHint[]} */
  #hints = [];
  #said = "";
  /** @type {Animation | undefined} */
  #clock;

  /** @param {boolean} spoken Whether prompts are spoken, too. */
  begin(spoken) {
    this.#spoken = spoken;
    this.#say("Getting ready…", "");
    element("prompt-text").textContent = "One moment";
    element("steps").replaceChildren();
    element("drawing").replaceChildren();
    this.#progress(0);
  }

  /** Puts the window back as it was. */
  end() {
    this.#clock?.cancel();
    delete document.body.dataset.light;
    delete document.body.dataset.action;
    element("dot").hidden = true;
  }

  /** @param {import("./enrollment_session.js").Prompt} prompt */
  prompt(prompt) {
    this.#hints = prompt.hints ?? [];
    document.body.dataset.action = prompt.action;
    delete document.body.dataset.light;
    element("dot").hidden = true;
    element("prompt-text").textContent = prompt.text;
    const drawing = new Image();
    drawing.alt = "";
    drawing.src = `/enroll/actions/${prompt.action}.svg`;
    element("drawing").replaceChildren(drawing);
    this.#steps(prompt.step, prompt.steps);
    this.#progress(0);
    this.#say(prompt.again ? "Once more, a little larger and slower." : "", "");
    this.#countDown(prompt.seconds);
    if (this.#spoken) say((prompt.again ? "Once more. " : "") + prompt.text);
  }

  /** @param {import("./enrollment_session.js").Guidance} guidance */
  guidance({ reason, text, progress }) {
    this.#progress(progress);
    if (reason !== "ok") return this.#say(text, "warn", true);
    const hint = this.#hints.findLast((each) => progress >= each.fromProgress);
    if (hint) this.#say(hint.text, hint.good ? "go" : "", hint.spoken);
  }

  /** @param {{x: number, y: number}} dot x to the person's own left, y up, in [-1, 1]. */
  dot({ x, y }) {
    const dot = element("dot");
    dot.hidden = false;
    const box = element("session").getBoundingClientRect();
    // Facing the screen, a person's left is the screen's.
    const across = -x * Math.min(box.width * 0.42, 420);
    const down = -y * Math.min(box.height * 0.3, 260);
    dot.style.transform = `translate(${across}px, ${down}px)`;
  }

  /** @param {{colour: string}} light */
  light({ colour }) {
    if (colour === "COLOUR_BLUE") document.body.dataset.light = "blue";
    else if (colour === "COLOUR_AMBER") document.body.dataset.light = "amber";
    else delete document.body.dataset.light;
  }

  /**
   * @param {number} step
   * @param {number} steps
   */
  #steps(step, steps) {
    const marks = Array.from({ length: steps }, (_, n) => {
      const mark = document.createElement("i");
      mark.className = n + 1 < step ? "done" : n + 1 === step ? "now" : "";
      return mark;
    });
    element("steps").replaceChildren(...marks);
    element("steps").setAttribute("aria-label", `Step ${step} of ${steps}`);
    element("steps").setAttribute("role", "img");
  }

  /** @param {number} share */
  #progress(share) {
    element("ring").style.strokeDasharray = `${Math.round(share * 100)} 100`;
    // A round end of no length would still be a dot.
    element("ring").classList.toggle("empty", share < 0.01);
  }

  /** @param {number} seconds */
  #countDown(seconds) {
    this.#clock?.cancel();
    this.#clock = element("timer").animate(
      [{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }],
      { duration: seconds * 1000, fill: "forwards" },
    );
  }

  /**
   * @param {string} text
   * @param {"" | "go" | "warn"} tone
   * @param {boolean} [aloud] Whether it is worth saying.
   */
  #say(text, tone, aloud = false) {
    if (text === this.#said) return;
    this.#said = text;
    const guide = element("guide");
    guide.textContent = text;
    guide.dataset.tone = tone;
    if (aloud && this.#spoken) say(text);
  }
}
