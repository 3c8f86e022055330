/** Asks the JavaScript client what tests ask the Python one: a question a line, [name, ...arguments], an answer a line. */

import { createInterface } from "node:readline";

const [at] = process.argv.slice(2);
const bytes = await import(`${at}/carbon-bytes.mjs`);
const intents = await import(`${at}/carbon-intent.mjs`);
const receipts = await import(`${at}/carbon-receipt.mjs`);
const client = await import(`${at}/carbon-client.mjs`);
const { hex, unhex } = bytes;

function told(value) {
  if (Array.isArray(value)) return value.map(told);
  if (typeof value === "bigint") return { int: `${value}` };
  if (value instanceof Uint8Array) return { hex: hex(value) };
  if (!(value instanceof Map)) return value;
  return { map: [...value].map(([key, item]) => [key, told(item)]) };
}

const point = ({ size, root }) => ({ size: BigInt(size), root: unhex(root), note: "" });

const answers = {
  decode: (data, most) => told(bytes.decode(unhex(data), most)),
  encode: (data) => hex(bytes.encode(bytes.decode(unhex(data), 1 << 20))),
  intent: (data) => {
    const { log, signers, parts, nonce, notAfterUs } = intents.readIntent(unhex(data));
    return told([log, signers, parts, nonce, notAfterUs]);
  },
  order: async (keys) => {
    const named = await Promise.all(keys.map(async (key) => [await client.keyId(unhex(key)), key]));
    return named.sort(([one], [other]) => bytes.compare(one, other)).map(([, key]) => key);
  },
  check: async (prepared, expected, now) => {
    const intent = await intents.check(prepared, expected, BigInt(now));
    return hex(intent.data);
  },
  show: async (prepared) => intents.show(...(await intents.opened(prepared))),
  printable: (text) => intents.printable(text),
  sign: async (seed, data) => {
    const key = await client.keyOfSeed(unhex(seed));
    return client.sign(key, intents.readIntent(unhex(data)));
  },
  possession: async (seed, log, account) =>
    hex(await client.possession(await client.keyOfSeed(unhex(seed)), unhex(log), account)),
  kept: async (log, account) => {
    const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    const key = await client.keyOfPair(pair);
    return [hex(key.publicKey), hex(await client.possession(key, unhex(log), account))];
  },
  signature: async (key, message, signature) => {
    await receipts.checkSignature(unhex(key), unhex(message), unhex(signature));
  },
  checkpoint: async (note, vkey) => {
    const { size, root } = await receipts.openCheckpoint(note, vkey);
    return [String(size), hex(root)];
  },
  included: (leaf, index, path, of) =>
    receipts.checkIncluded(unhex(leaf), BigInt(index), path.map(unhex), point(of)),
  consistent: (old, next, path) =>
    receipts.checkConsistent(point(old), point(next), path.map(unhex)),
  remember: async (note, vkey, before, path) => {
    const held = new Map(before === null ? [] : [[`carbon-checkpoint/${vkey}`, before]]);
    const getItem = (name) => held.get(name) ?? null;
    const seen = { getItem, setItem: (name, value) => held.set(name, value) };
    const checkpoint = await receipts.openCheckpoint(note, vkey);
    await receipts.remember(checkpoint, vkey, seen, () => path.map(unhex));
    return [...held.values()];
  },
  entry: async (entry, data) => {
    const intent = intents.readIntent(unhex(data));
    return hex(await receipts.checkEntry(unhex(entry), intent));
  },
  believe: async (url, receipt, data, profile) => {
    const here = new client.Client(url, null, { wait: async () => {} });
    const held = new Map();
    const getItem = (name) => held.get(name) ?? null;
    const seen = { getItem, setItem: (...said) => held.set(...said) };
    const get = (...asked) => here.get(...asked);
    return receipts.believe(get, receipt, intents.readIntent(unhex(data)), profile.vkey, seen);
  },
  talk: async (url, token, [method, ...given]) => {
    const pauses = [];
    const here = new client.Client(url, token, { wait: async (ms) => pauses.push(ms) });
    const heard = [];
    for (const one of given) heard.push(await here[method](...one));
    return [heard, pauses.length];
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...given] = JSON.parse(line);
  let answer;
  try {
    answer = { is: (await answers[name](...given)) ?? null };
  } catch (error) {
    if (!(error instanceof bytes.ClientError)) throw error;
    const { code, facts, status = null, detail = null } = error;
    answer = { code, facts, status, detail };
  }
  process.stdout.write(`${bytes.json(answer)}\n`);
}
