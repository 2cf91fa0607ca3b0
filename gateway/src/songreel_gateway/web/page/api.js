// The public API over HTTP, as far as this page needs it.

/**
 * @typedef {object} Identity
 * @property {string} name
 * @property {"STATE_CONSENTED" | "STATE_ENROLLED" | "STATE_WITHDRAWN"} state
 * @property {string} [consentVersion]
 * @property {number} [pictures]
 * @property {string[]} [adapterSha256]
 * @property {string} createTime
 * @property {string} expireTime
 *
 * @typedef {object} ConsentText
 * @property {string} version
 * @property {string} text Markdown.
 * @property {string} sha256
 *
 * @typedef {object} Erasure
 * @property {string} auditHead
 * @property {number} [objects]
 * @property {string[]} [keysSha256]
 */

/** A refusal, in the server's own words. */
export class Refusal extends Error {
  /**
   * @param {string} reason Reason of the error tree: "LOCKED_OUT", ...
   * @param {string} message What was wrong and what to do.
   */
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

export class Api {
  /**
   * @param {string} project
   * @param {string} token Bearer token; empty on one's own machine.
   */
  constructor(project, token) {
    this.project = project;
    this.authorization = token ? `Bearer ${token}` : "";
  }

  /** @returns {Promise<ConsentText>} */
  consentText() {
    return this.#ask("GET", "/consentText");
  }

  /** @returns {Promise<{identities?: Identity[]}>} */
  list() {
    return this.#ask("GET", "/identities?pageSize=20");
  }

  /**
   * @param {string} identity
   * @returns {Promise<Identity | null>} null where nobody has this name.
   */
  async find(identity) {
    try {
      return (await this.#ask("GET", `/identities/${identity}`)).identity;
    } catch (error) {
      if (error instanceof Refusal && error.reason === "IDENTITY_NOT_FOUND") return null;
      throw error;
    }
  }

  /**
   * @param {string} identity
   * @param {ConsentText} text As it was shown.
   */
  consent(identity, text) {
    const body = { version: text.version, textSha256: text.sha256 };
    return this.#ask("POST", `/identities/${identity}:recordConsent`, body);
  }

  /**
   * @param {string} identity
   * @returns {Promise<{nonce: string}>}
   */
  open(identity) {
    return this.#ask("POST", `/identities/${identity}:openEnrollment`, {});
  }

  /** @param {string} identity */
  withdraw(identity) {
    return this.#ask("POST", `/identities/${identity}:withdrawConsent`, {});
  }

  /**
   * @param {string} identity
   * @returns {Promise<Erasure>}
   */
  erase(identity) {
    return this.#ask("DELETE", `/identities/${identity}`);
  }

  /**
   * @param {string} identity
   * @returns {string} URL of the enrolment's WebSocket.
   */
  socket(identity) {
    const url = new URL(
      `/v1/projects/${this.project}/identities/${identity}:enroll`,
      location.href,
    );
    url.protocol = url.protocol.replace("http", "ws");
    return url.href;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  async #ask(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = this.authorization ? { Authorization: this.authorization } : {};
    if (body) headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await fetch(`/v1/projects/${this.project}${path}`, {
        method,
        headers,
        body: body && JSON.stringify(body),
      });
    } catch {
      throw new Refusal("OFFLINE", "The server cannot be reached: check the connection.");
    }
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    const error = said.error ?? {};
    throw new Refusal(error.reason ?? "UNKNOWN", error.message ?? `${answer.status}`);
  }
}
