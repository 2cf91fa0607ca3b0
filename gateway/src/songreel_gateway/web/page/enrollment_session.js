// One enrolment over the WebSocket: frames out, prompts and an outcome in.

import { Refusal } from "./api.js";

/**
 * @typedef {object} Prompt
 * @property {string} action
 * @property {string} text
 * @property {number} seconds
 * @property {number} step
 * @property {number} steps
 * @property {boolean} again
 * @property {ProgressHint[]} [hints]
 *
 * @typedef {object} ProgressHint
 * @property {number} fromProgress
 * @property {string} text
 * @property {boolean} good
 * @property {boolean} spoken
 *
 * @typedef {object} Guidance
 * @property {string} reason
 * @property {string} text
 * @property {number} progress
 *
 * @typedef {object} Outcome
 * @property {"VERDICT_PASS" | "VERDICT_FAIL" | "VERDICT_INCONCLUSIVE"} verdict
 * @property {string} reason
 * @property {string} advice
 *
 * @typedef {object} Listeners
 * @property {(prompt: Prompt) => void} prompt
 * @property {(guidance: Guidance) => void} guidance
 * @property {(dot: {x: number, y: number}) => void} dot
 * @property {(light: {colour: string}) => void} light
 */

// With more unsent bytes a frame is left out: late frames are useless.
const MAX_UNSENT_BYTES = 400_000;

const CLOSE_CODES = {
  1009: "A picture was too large for the server: use another camera.",
  1013: "The server has no room now: try again in a minute.",
};

export class EnrollmentSession {
  /** @type {WebSocket} */
  #socket;
  /** @type {(end: Outcome) => void} */
  #resolve = () => {};
  /** @type {(problem: Refusal) => void} */
  #reject = () => {};

  /**
   * @param {string} url
   * @param {{nonce: string, ways: string[]}} start
   * @param {string} authorization
   * @param {Listeners} listeners
   */
  constructor(url, start, authorization, listeners) {
    /** @type {Promise<Outcome>} */
    this.end = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#socket = new WebSocket(url);
    this.#socket.onopen = () => this.#socket.send(JSON.stringify({ start, authorization }));
    this.#socket.onmessage = (event) => this.#dispatch(JSON.parse(event.data), listeners);
    this.#socket.onclose = ({ code }) => {
      const text = CLOSE_CODES[/** @type {keyof typeof CLOSE_CODES} */ (code)];
      this.#reject(new Refusal("CLOSED", text ?? "The connection broke: try again."));
    };
  }

  /**
   * @param {Blob} jpeg
   * @param {number} time Whole ms, rising.
   */
  send(jpeg, time) {
    const socket = this.#socket;
    if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > MAX_UNSENT_BYTES) return;
    const taken = new DataView(new ArrayBuffer(8));
    taken.setBigInt64(0, BigInt(time));
    socket.send(new Blob([taken, jpeg]));
  }

  /** Leaves; the try counts all the same. */
  leave() {
    this.#reject(new Refusal("LEFT", "You stopped the check. Nothing was kept."));
    this.#socket.close();
  }

  /**
   * @param {any} message
   * @param {Listeners} listeners
   */
  #dispatch(message, listeners) {
    if (message.prompt) listeners.prompt(message.prompt);
    else if (message.guidance) listeners.guidance(message.guidance);
    else if (message.dot) listeners.dot(message.dot);
    else if (message.light) listeners.light(message.light);
    else if (message.outcome) this.#resolve(message.outcome);
    else if (message.error) this.#reject(new Refusal(message.error.reason, message.error.message));
  }
}
