#!/usr/bin/env node
/**
 * A small client of a carbon registry, for who keeps a key of their own: ask, look, sign, submit, check the receipt.
 *
 *   profile  = {"url": ..., "log": hex, "vkey": pinned, "account": own, "key": own public key, hex,
 *               "token": or null, "seen": the file that remembers the newest checkpoint}
 *   ask      = {"path": "retirements", "body": what the API asks for, "expect": [[part, ...] for each act],
 *               "signers": [[account, ...] for each act]}     parts as in carbon_intent.py; signers may be left out
 *   prepared = the server's answer to an ask
 *   signed   = [{public key, hex: signature, base64}, ...], one for each act
 *
 * A key may stay on a machine without a network: `prepare` here, `sign` there, `submit` here. Who gives an amount out
 * of several batches names the batch, so that one act is asked for and one is expected.
 * Needs nothing but Node 20 or a browser; beside it, the three other carbon-*.mjs. The same as carbon_client.py.
 */

import { ClientError, base64, compare, encode, hex, join, json } from "./carbon-bytes.mjs";
import { require, sha256, unbase64, unhex, utf8 } from "./carbon-bytes.mjs";
import { check, opened, readIntent, show } from "./carbon-intent.mjs";
import { believe } from "./carbon-receipt.mjs";

const SIGNED = utf8("carbon-registry/intent-signature/v1\0");
const PKCS8 = unhex("302e020100300506032b657004220420");
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const TAGS_MAX = 256;
const TRIES = 6;
const GOOD = [200, 201, 202, 304];
const BUSY = [429, 503, 504];
const PAUSE_MS_MAX = 30_000;
const REQUEST_MS_MAX = 60_000;

/** The server said no, as RFC 9457 has it. */
export class ProblemError extends ClientError {
  constructor(status, problem) {
    super(String(problem.code ?? "problem"), problem.facts ?? {});
    Object.assign(this, { name: "ProblemError", status, detail: String(problem.detail ?? "") });
  }
}

/** A key that signs, out of the 32 bytes of its seed: {privateKey, publicKey: 32 bytes}. */
export async function keyOfSeed(seed) {
  require(seed instanceof Uint8Array && seed.length === 32, "bad_key");
  const bytes = join(PKCS8, seed);
  const open = await crypto.subtle.importKey("pkcs8", bytes, "Ed25519", true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", open);
  const privateKey = await crypto.subtle.importKey("pkcs8", bytes, "Ed25519", false, ["sign"]);
  const padded = `${x.replaceAll("-", "+").replaceAll("_", "/")}=`;
  return { privateKey, publicKey: unbase64(padded) };
}

/** The same, out of a pair that WebCrypto made and keeps: crypto.subtle.generateKey("Ed25519", false, ["sign"]). */
export async function keyOfPair({ privateKey, publicKey }) {
  return { privateKey, publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)) };
}

/** The id of a public key. Signatures stand in its order. */
export const keyId = (publicKey) => sha256(encode(["ed25519-sha256", publicKey]));

async function signed(key, message) {
  return new Uint8Array(await crypto.subtle.sign("Ed25519", key.privateKey, message));
}

/** The signature over `intent`, which has passed `check`, by `key`: {public key in hex: base64}. */
export async function sign(key, intent) {
  const own = hex(key.publicKey);
  require(intent.signers.some(([, other]) => hex(other) === own), "wrong_key", { key: own });
  return { [own]: base64(await signed(key, join(SIGNED, intent.data))) };
}

/** What shows, where `key` is registered for `account` in `log`, that somebody has it: a signature. */
export async function possession(key, log, account) {
  const tag = "carbon-registry/possession/v1";
  return signed(key, encode([tag, log, account, await keyId(key.publicKey), "act"]));
}

/** The intents that the server prepared, if they are what `ask` expects, in order; else throws what `check` does. */
export async function checkAll(prepared, ask, profile, nowUs) {
  const fits = Array.isArray(prepared.intents) && prepared.intents.length === ask.expect.length;
  require(fits, "other_act", { expected: ask.expect.length });
  const checked = prepared.intents.map((one, number) =>
    check(one, { ...profile, parts: ask.expect[number], signers: ask.signers?.[number] }, nowUs),
  );
  return Promise.all(checked);
}

/** The registry at `url`, over HTTP. Asks again, with the same bytes, where it is busy or out of reach. */
export class Client {
  constructor(url, token = null, { fetch = globalThis.fetch, wait = pause } = {}) {
    const { protocol, hostname } = new URL(url);
    const near = ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
    // A token that goes over the wire in the clear is anybody's.
    require(protocol === "https:" || near || token === null, "token_in_the_clear", { url });
    const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
    Object.assign(this, { url: `${url.replace(/\/$/, "")}/v1/`, headers, fetch, wait });
    this.tagged = new Map();
  }

  /** What is to be signed with `signingKey`, in hex, so that `body`, at `path`, happens. Look at it with `check`. */
  async prepare(path, body, signingKey, idempotencyKey = null) {
    const keyed = idempotencyKey === null ? {} : { "Idempotency-Key": idempotencyKey };
    const asked = `${path}?mode=prepare&signing_key=${signingKey}`;
    return (await this.send("POST", asked, body, keyed)).body;
  }

  /** What happened: `body`, at `path`, with the keys that the registry keeps for this caller's accounts. */
  async record(path, body, idempotencyKey) {
    return (await this.send("POST", path, body, { "Idempotency-Key": idempotencyKey })).body;
  }

  /** The receipt of a prepared intent, which is recorded with `signatures`, by public key in hex; once, always. */
  async submit({ intent, openings = [], rows = [] }, signatures) {
    const { signers } = readIntent(unbase64(intent));
    const keys = await Promise.all(signers.map(async ([, key]) => [await keyId(key), hex(key)]));
    const order = keys.sort(([one], [other]) => compare(one, other)).map(([, key]) => key);
    const missing = order.filter((key) => !(key in signatures));
    require(missing.length === 0, "signature_missing", { keys: missing });
    const sent = { intent, signatures: order.map((key) => signatures[key]), openings, rows };
    return (await this.send("POST", "intents", sent)).body;
  }

  /** The answer at `path`, in this form; what has not changed since it was last asked for is not sent again. */
  async get(path, form = "application/json") {
    const place = `${form} ${path}`;
    const [tag, known] = this.tagged.get(place) ?? [];
    const tagged = tag ? { "If-None-Match": tag } : {};
    const answer = await this.send("GET", path, undefined, { Accept: form, ...tagged });
    if (answer.status === 304) return known;
    const fresh = answer.headers.get("etag");
    if (fresh && (tag || this.tagged.size < TAGS_MAX)) this.tagged.set(place, [fresh, answer.body]);
    return answer.body;
  }

  async send(method, path, body, headers = {}) {
    require(!/^[a-z+.-]*:|^\//i.test(path), "malformed", { path });
    for (let attempt = 1; ; attempt += 1) {
      let answer;
      try {
        answer = await this.once(method, path, body, headers);
      } catch (error) {
        if (error instanceof ClientError) throw error;
        if (attempt === TRIES) throw new ClientError("unreachable", { why: String(error.message) });
      }
      const busy = answer === undefined || BUSY.includes(answer.status);
      if (!busy || attempt === TRIES) return good(answer);
      const asked = Number(answer?.headers.get("retry-after") ?? 0) * 1000 || 0;
      await this.wait(Math.min(PAUSE_MS_MAX, Math.max(asked, 125 * 2 ** attempt)));
    }
  }

  async once(method, path, body, headers) {
    const said = body === undefined ? {} : { "Content-Type": "application/json" };
    const { fetch } = this;
    const answer = await fetch(this.url + path, {
      method,
      headers: { ...this.headers, ...said, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(REQUEST_MS_MAX),
    });
    const whole = await limited(answer);
    let found = whole;
    if (/json/.test(answer.headers.get("content-type") ?? "") && whole.length > 0) {
      try {
        found = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(whole));
      } catch {
        require(!GOOD.includes(answer.status), "bad_answer", { status: answer.status });
        found = null;
      }
    }
    return { status: answer.status, headers: answer.headers, body: found };
  }
}

/** The bytes of an answer, if they are not too many. */
async function limited(answer) {
  const pieces = [];
  const reader = answer.body?.getReader();
  let size = 0;
  for (let read = await reader?.read(); read && !read.done; read = await reader.read()) {
    pieces.push(read.value);
    size += read.value.length;
    require(size <= ANSWER_BYTES_MAX, "answer_too_long");
  }
  return join(...pieces);
}

function good(answer) {
  if (GOOD.includes(answer.status)) return answer;
  const problem = answer.body !== null && typeof answer.body === "object" ? answer.body : {};
  throw new ProblemError(answer.status, problem);
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const COMMANDS = {
  keygen: ["write a new private key, for this user only", "key"],
  act: ["prepare, check, show, sign and submit", "profile", "key", "ask"],
  prepare: ["have an act prepared, to be signed elsewhere", "profile", "ask"],
  sign: ["check, show and sign, without a network", "profile", "key", "ask", "prepared"],
  submit: ["submit what was signed", "profile", "prepared", "signed..."],
  get: ["ask a question; the path is below /v1", "profile", "path"],
};

/** The command line, in Node. */
class Terminal {
  constructor(fs, process) {
    Object.assign(this, { fs, process });
  }

  json(path) {
    const text = this.fs.readFileSync(path, "utf8");
    try {
      return JSON.parse(text);
    } catch {
      throw new ClientError("bad_file", { path });
    }
  }

  async newKey(path) {
    const seed = crypto.getRandomValues(new Uint8Array(32));
    const [begin, end] = ["BEGIN", "END"].map((word) => `-----${word} PRIVATE KEY-----\n`);
    const text = `${begin}${base64(join(PKCS8, seed))}\n${end}`;
    this.fs.writeFileSync(path, text, { mode: 0o600, flag: "wx", flush: true });
    return { key: hex((await keyOfSeed(seed)).publicKey) };
  }

  key(path) {
    const hidden = this.process.platform === "win32" || (this.fs.statSync(path).mode & 0o077) === 0;
    require(hidden, "exposed_file", { path });
    const bytes = new Uint8Array(this.fs.readFileSync(path));
    if (bytes.length === 32) return keyOfSeed(bytes);
    const pattern = /^-----BEGIN PRIVATE KEY-----\s([A-Za-z0-9+/=\s]+)-----END/;
    const [, coded] = pattern.exec(new TextDecoder().decode(bytes)) ?? [];
    const der = unbase64(coded?.replace(/\s/g, "") ?? "", "bad_key");
    require(der.length === 48 && hex(der.slice(0, 16)) === hex(PKCS8), "bad_key", { path });
    return keyOfSeed(der.slice(16));
  }

  /** What remembers the newest checkpoint in a file. A crash leaves the old note or the new one. */
  seen(path) {
    const { fs } = this;
    return {
      getItem: () => (fs.existsSync(path) ? fs.readFileSync(path, "utf8") : null),
      setItem: (_, note) => {
        fs.writeFileSync(`${path}.new`, note, { flush: true });
        fs.renameSync(`${path}.new`, path);
      },
    };
  }

  /** Signatures over what was prepared, once it is what was asked for and the person who looks on agrees. */
  async sign(profile, keyFile, ask, prepared, yes) {
    const made = await checkAll(prepared, ask, profile, BigInt(Date.now()) * 1000n);
    const key = await this.key(keyFile);
    const { stdin, stderr } = this.process;
    for (const one of prepared.intents) stderr.write(`${show(...(await opened(one)))}\n`);
    if (!yes) {
      stderr.write("Sign? [y/N] ");
      const said = await new Promise((heard) => {
        stdin.once("data", heard).once("end", () => heard(""));
      });
      stdin.pause();
      require(/^y\s*$/i.test(String(said)), "not_agreed");
    }
    return Promise.all(made.map((intent) => sign(key, intent)));
  }

  /** What the receipts come to, act by act; `signed` are the files of those who signed. */
  async submit(client, profile, prepared, signed) {
    const done = [];
    for (const [number, one] of prepared.intents.entries()) {
      const signatures = Object.assign({}, ...signed.map((each) => each[number]));
      const receipt = await client.submit(one, signatures);
      const intent = readIntent(unbase64(one.intent));
      try {
        const get = (...asked) => client.get(...asked);
        done.push(await believe(get, receipt, intent, profile.vkey, this.seen(profile.seen)));
      } catch (error) {
        // Not to be asked for again: submitted again, the same files have one effect.
        throw new ClientError("not_proven", { why: error.code ?? String(error), receipt });
      }
    }
    return done;
  }

  async run([command, ...given], yes) {
    if (command === "keygen") return this.newKey(given[0]);
    const profile = this.json(given[0]);
    if (command === "sign") {
      const [keyFile, ask, prepared] = given.slice(1);
      return this.sign(profile, keyFile, this.json(ask), this.json(prepared), yes);
    }
    const client = new Client(profile.url, profile.token ?? null);
    if (command === "get") return client.get(given[1]);
    if (command === "submit") {
      const [prepared, ...signed] = given.slice(1).map((path) => this.json(path));
      return this.submit(client, profile, prepared, signed);
    }
    const ask = this.json(given.at(-1));
    const once = ask.idempotency_key ?? null;
    const prepared = await client.prepare(ask.path, ask.body, profile.key, once);
    if (command === "prepare") return prepared;
    const signed = await this.sign(profile, given[1], ask, prepared, yes);
    return this.submit(client, profile, prepared, [signed]);
  }
}

async function main(process) {
  const given = process.argv.slice(2).filter((word) => !word.startsWith("--"));
  const [, ...files] = COMMANDS[given[0]] ?? [];
  const more = files.at(-1)?.endsWith("...") && given.length > files.length;
  const enough = files.length > 0 && (more || given.length - 1 === files.length);
  if (!enough || process.argv.includes("--help")) {
    process.stdout.write("carbon-client.mjs COMMAND FILE... [--yes: sign without asking]\n");
    for (const [name, [told, ...files]] of Object.entries(COMMANDS)) {
      process.stdout.write(`  ${name} ${files.join(" ")}: ${told}\n`);
    }
    return process.argv.includes("--help") ? 0 : 2;
  }
  try {
    const terminal = new Terminal(await import("node:fs"), process);
    const found = await terminal.run(given, process.argv.includes("--yes"));
    process.stdout.write(`${json(found, 2)}\n`);
    return 0;
  } catch (error) {
    const filed = error.syscall && error.path;
    if (!(error instanceof ClientError) && !filed) throw error;
    const { code, facts, detail = "" } = error;
    const said = { code: "file", facts: { path: error.path }, detail: error.message };
    process.stderr.write(`${json(filed ? said : { code, facts, detail })}\n`);
    return 1;
  }
}

if (globalThis.process?.argv?.[1]?.endsWith("carbon-client.mjs")) {
  process.exitCode = await main(process);
}
