// Talking to the service: JSON, streams of events, and the sign-in where a token is asked for.

import { signIn } from "./sign_in.js";

export class ApiError extends Error {
  constructor(message, status, kind = "") {
    super(message);
    this.status = status;
    this.kind = kind; // the service's name for it: "InputError", "UnreadableError", ...
  }
}

const SILENT = "The service does not answer; is it still running?";

async function send(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(SILENT, 0);
  }
  if (response.status === 401 && path !== "/api/session") {
    await signIn();
    return send(path, options);
  }
  if (!response.ok) throw await refusalOf(response);
  return response;
}

async function refusalOf(response) {
  try {
    const { message, type } = (await response.json()).error;
    return new ApiError(message, response.status, type);
  } catch {
    return new ApiError(`The service answered ${response.status}.`, response.status);
  }
}

const asQuery = (values) => {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    for (const each of [value].flat()) if (each !== undefined && each !== null && each !== "") query.append(key, each);
  }
  return query.toString();
};

export async function get(path, values = {}, signal) {
  const query = asQuery(values);
  return (await send(query ? `${path}?${query}` : path, { signal })).json();
}

export async function post(path, record) {
  const headers = { "content-type": "application/json" };
  const response = await send(path, { method: "POST", headers, body: JSON.stringify(record) });
  return response.status === 204 ? null : response.json();
}

export async function remove(path, values = {}) {
  return (await send(`${path}?${asQuery(values)}`, { method: "DELETE" })).json();
}

export async function upload(file, name) {
  const path = `/api/files?${asQuery({ name })}`;
  return (await send(path, { method: "POST", body: file })).json();
}

/** The events of a stream, one after another: [name, record]. */
export async function* events(path, record, signal) {
  const headers = { "content-type": "application/json", accept: "text/event-stream" };
  const options = record ? { method: "POST", headers, body: JSON.stringify(record), signal } : { signal };
  const reader = (await send(path, options)).body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  try {
    for (;;) {
      const { value, done } = await next(reader);
      if (done) return;
      held += value;
      const blocks = held.split("\n\n");
      held = blocks.pop();
      for (const block of blocks) {
        const [, name, data] = /^event: (.*)\ndata: (.*)$/s.exec(block) ?? [];
        if (name === "error") throw new ApiError(JSON.parse(data).message, 400);
        if (name) yield [name, JSON.parse(data)];
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function next(reader) {
  try {
    return await reader.read();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(SILENT, 0);
  }
}
