// SPDX-License-Identifier: BSD-2-Clause
// Requests to the server that this page came from. The token is kept for this tab alone.
const kKey = "xdp-trafficgen token";

export const token = {
  get: () => sessionStorage.getItem(kKey) ?? "",
  set: (text) => sessionStorage.setItem(kKey, text),
  forget: () => sessionStorage.removeItem(kKey),
};

/** What the server said no with. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function request(method, path, { body, signal } = {}) {
  const headers = {};
  if (token.get()) headers["Authorization"] = "Bearer " + token.get();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body, signal, cache: "no-store" });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal(0, "The server does not answer.");
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  let message = text;
  try {
    message = JSON.parse(text).error ?? text;
  } catch {
    // the text is all there is
  }
  throw new Refusal(answer.status, message);
}

export const get = async (path) => (await request("GET", path)).json();
export const post = async (path, value) => (await request("POST", path, { body: JSON.stringify(value) })).json();
export const remove = (path) => request("DELETE", path);
export const file = async (path) => (await request("GET", path)).blob();

/** Calls take() with each value of an answer that grows by lines of JSON, to its end or until the signal aborts it. */
export async function lines(path, signal, take) {
  try {
    const answer = await request("GET", path, { signal });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n");
      rest = parts.pop();
      for (const line of parts) if (line && !signal.aborted) take(JSON.parse(line));
    }
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof TypeError ? new Refusal(0, "The connection to the server was lost.") : error;
  }
}
