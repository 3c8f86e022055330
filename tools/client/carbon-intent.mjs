/**
 * What an intent says, and whether it is what was asked for: all that stands between a key and a hostile server.
 *
 * A server prepares an act, and `check` passes nothing on to be signed that was not asked for: what is expected is said
 * part by part and field by field; the rest is refused. docs/format.md is the authority on bytes and codes. Needs
 * nothing but Node 20 or a browser. The same as carbon_intent.py, where the form of what is expected is told.
 */

import {
  ClientError,
  decode,
  encode,
  hex,
  join,
  require,
  same,
  sha256,
  unbase64,
} from "./carbon-bytes.mjs";

export const INTENT_BYTES_MAX = 49_152;
export const AHEAD_US = 2n * 3_600_000_000n;
const ITEMS_MAX = 262_144;
// Under these names 32 bytes are a commitment, in every kind; all other 32 bytes are not.
const COMMITTED = new Set(
  ("activity agent beneficiary contact details name number obligor occasion organisers purchaser " +
    "trade").split(" "),
);

function array(value, least, most) {
  const fits = Array.isArray(value) && value.length >= least && value.length <= most;
  require(fits, "malformed", { why: "no such array" });
  return value;
}

const sized = (value, size) => value instanceof Uint8Array && value.length === size;
const like = (value, pattern) => typeof value === "string" && pattern.test(value);

/** The intent whose bytes are `data`; signers are account and public key, author first. */
export function readIntent(data) {
  const fields = array(decode(data, INTENT_BYTES_MAX), 8, 8);
  const [tag, log, account, key, others, listed, nonce, notAfterUs] = fields;
  require(tag === "carbon-registry/intent/v1" && sized(log, 32) && sized(nonce, 16), "malformed");
  const timed = typeof notAfterUs === "bigint" && notAfterUs >= 0n && notAfterUs < 1n << 53n;
  require(timed, "malformed", { field: "not_after_us" });
  const signers = [[account, key], ...array(others, 0, 15)].map(readSigner);
  const parts = array(listed, 1, 32).map(readPart);
  const keys = signers.map(([, one]) => hex(one));
  for (const names of [signers.map(([one]) => one), keys, parts.map(([one]) => one)]) {
    require(new Set(names).size === names.length, "malformed", { why: "one of them twice" });
  }
  return { data, log, signers, parts, nonce, notAfterUs };
}

function readSigner(item) {
  const [account, key] = array(item, 2, 2);
  const [suite, publicKey] = array(key, 2, 2);
  require(suite === "ed25519-sha256", "unknown_suite");
  const named = like(account, /^(registry|account\/[0-9A-Za-z-]{1,48}|bearer\/[a-z2-7]{52})$/);
  require(named && sized(publicKey, 32), "malformed", { field: "signer" });
  return [account, publicKey];
}

function readPart(item) {
  const [stream, listed] = array(item, 2, 2);
  const streamed = like(stream, /^(registry|[a-z]{1,16}\/[0-9A-Za-z-]{1,64})$/);
  require(streamed, "malformed", { field: "stream" });
  const events = array(listed, 1, 8).map((event) => array(event, 2, 2));
  for (const [kind, body] of events) {
    const named = like(kind, /^[a-z]{1,16}\.[a-z_]{1,32}\.v[1-9][0-9]{0,2}$/);
    require(named && body instanceof Map, "malformed", { field: "event" });
  }
  return [stream, events];
}

/** A hash over the place of something in `intent`: [tag, log, author, nonce, ...]. */
function placed(tag, intent, ...said) {
  const [[author]] = intent.signers;
  return sha256(encode([`carbon-registry/${tag}/v1`, intent.log, author, intent.nonce, ...said]));
}

/** The id of the stream that part `part` of `intent` begins. */
export async function derivedId(intent, part) {
  const bytes = await placed("id", intent, BigInt(part));
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  const fives = bits.match(/.{5}/g).slice(0, 16);
  return fives.map((five) => letters[Number.parseInt(five, 2)]).join("");
}

/**
 * The intent in what the server prepared, and its parts as JSON says them: commitments and rows by what they hide.
 * Throws `wrong_opening`, `rows_missing`, `wrong_rows` if what came along is not of it.
 */
export async function opened(prepared) {
  const intent = readIntent(unbase64(prepared.intent));
  const beside = new Beside(intent, prepared);
  const parts = [];
  for (const [part, [stream, events]] of intent.parts.entries()) {
    const said = [];
    for (const [event, [kind, body]] of events.entries()) {
      said.push([kind, await beside.body(`${part}/${event}`, body)]);
    }
    parts.push([stream, said]);
  }
  require(beside.openings.size === 0, "wrong_opening", { unused: [...beside.openings.keys()] });
  require(beside.rows.size === 0, "wrong_rows", { unused: [...beside.rows.keys()] });
  return [intent, parts];
}

/** Openings and rows that came along with an intent; each is used up once. */
class Beside {
  constructor(intent, prepared) {
    const openings = array(prepared.openings ?? [], 0, ITEMS_MAX);
    const rows = array(prepared.rows ?? [], 0, ITEMS_MAX);
    for (const item of [...openings, ...rows]) require(item instanceof Object, "malformed");
    this.intent = intent;
    this.openings = new Map(openings.map((item) => [item.field, item]));
    this.rows = new Map(rows.map((item) => [`${item.part}/${item.event}`, item.rows]));
    require(this.openings.size === openings.length, "wrong_opening", { why: "one of them twice" });
  }

  async body(at, body) {
    const said = new Map();
    for (const [name, value] of body) said.set(name, await this.said(at, name, value));
    return said;
  }

  async said(at, name, value) {
    if (COMMITTED.has(name) && sized(value, 32)) {
      return { opens: await this.opened(`${at}/${name}`, value) };
    }
    if (!(value instanceof Map)) return said(value);
    require(name === "rows" && Array.isArray(this.rows.get(at)), "rows_missing", { event: at });
    const rows = this.rows.get(at).map((row) => unbase64(row));
    this.rows.delete(at);
    return { rows: await this.listed(at, value, rows) };
  }

  async opened(field, committed) {
    const { salt: coded, value } = this.openings.get(field) ?? {};
    this.openings.delete(field);
    const salt = unbase64(coded, "wrong_opening");
    const texts = Array.isArray(value) ? value : [value];
    const textual = texts.length > 0 && texts.every((text) => typeof text === "string");
    const fits = textual && salt.length === 32 && encode(value).length <= 16_384;
    const hidden = fits && (await placed("commitment", this.intent, field, salt, value));
    require(fits && sized(committed, 32) && same(hidden, committed), "wrong_opening", { field });
    return value;
  }

  async listed(at, summary, rows) {
    const listed = [];
    let totalG = 0n;
    for (const [number, row] of rows.entries()) {
      const [tag, whom, amountG] = array(decode(row, 256), 4, 4);
      // Written again, so that its last field is what the rows before it come to.
      const counted = typeof amountG === "bigint" && amountG > 0n;
      const follows = counted && same(encode([tag, whom, amountG, totalG]), row);
      require(follows, "wrong_rows", { row: number });
      const share = tag === "carbon-registry/share/v1";
      const gift = tag === "carbon-registry/gift/v1" && typeof whom === "string";
      require(share || gift, "wrong_rows", { row: number });
      listed.push([share ? await this.opened(`${at}/rows/${number}`, whom) : whom, `${amountG}`]);
      totalG += amountG;
    }
    const sums = new Map([
      ["bytes", BigInt(rows.reduce((sum, row) => sum + row.length, 0))],
      ["count", BigInt(rows.length)],
      ["root", await rowsRoot(rows)],
      ["total_g", totalG],
    ]);
    const right = same(encode(summary), encode(sums));
    require(right, "wrong_rows", { event: at });
    return listed;
  }
}

/** A value of an intent as JSON says it. */
function said(value) {
  if (Array.isArray(value)) return value.map(said);
  if (typeof value === "bigint") return { int: `${value}` };
  require(!(value instanceof Map), "malformed", { why: "a map within an array" });
  return value instanceof Uint8Array ? { hex: hex(value) } : value;
}

/**
 * The prepared intent, if it is what was expected, and nothing besides; else throws `wrong_log`, `wrong_signers`,
 * `wrong_key`, `wrong_time`, `other_act`, `other_stream`, `other_field`, `other_total`, or as `opened`.
 */
export async function check(prepared, expected, nowUs) {
  const [intent, parts] = await opened(prepared);
  require(hex(intent.log) === expected.log, "wrong_log", { log: hex(intent.log) });
  const accounts = intent.signers.map(([account]) => account);
  const signers = expected.signers ?? [expected.account];
  const own = accounts.indexOf(expected.account);
  const right = own >= 0 && JSON.stringify(accounts) === JSON.stringify(signers);
  require(right, "wrong_signers", { now: accounts });
  require(hex(intent.signers[own][1]) === expected.key, "wrong_key");
  const timed = nowUs < intent.notAfterUs && intent.notAfterUs <= nowUs + AHEAD_US;
  require(timed, "wrong_time", { at: intent.notAfterUs });
  let number = 0;
  for (const wanted of expected.parts) number = await checkAlike(intent, parts, number, wanted);
  require(number === parts.length, "other_act", { stream: parts[number]?.[0] });
  return intent;
}

/** Where the parts from `first` on end that are as `wanted`; at least one is. */
async function checkAlike(intent, parts, first, wanted) {
  const kinds = JSON.stringify(wanted.events.map(([kind]) => kind));
  const end = Math.min(parts.length, first + (wanted.most ?? 1));
  const sums = new Map();
  let number = first;
  while (number < end && JSON.stringify(parts[number][1].map(([kind]) => kind)) === kinds) {
    const [stream, events] = parts[number];
    const [prefix, name] = wanted.stream.split("/");
    const exact = name === "new" ? `${prefix}/${await derivedId(intent, number)}` : wanted.stream;
    const named = name === "*" ? stream.startsWith(`${prefix}/`) : stream === exact;
    require(named, "other_stream", { stream, expected: exact });
    events.forEach(([, body], event) => checkBody(event, body, wanted.events[event][1], sums));
    number += 1;
  }
  require(number > first, "other_act", { expected: kinds, part: first });
  for (const [place, total] of sums) {
    const [event, field] = place.split("/");
    const right = total === BigInt(wanted.events[event][1][field].sum);
    require(right, "other_total", { field, total });
  }
  return number;
}

function checkBody(event, body, wanted, sums) {
  const names = JSON.stringify([...body.keys()].sort());
  require(names === JSON.stringify(Object.keys(wanted).sort()), "other_field", { names });
  for (const [field, value] of body) {
    const like = wanted[field];
    if (like?.sum !== undefined) {
      const grams = BigInt(value?.int ?? 0);
      require(grams > 0n, "other_field", { field, value });
      sums.set(`${event}/${field}`, (sums.get(`${event}/${field}`) ?? 0n) + grams);
    } else if (like?.any !== true) {
      const right = JSON.stringify(value) === JSON.stringify(plain(like));
      require(right, "other_field", { field, value });
    }
  }
}

/** What is wanted as `opened` would say it; texts in NFC, which is how the log has them. */
function plain(wanted) {
  if (typeof wanted === "string") return wanted.normalize("NFC");
  if (typeof wanted === "number") require(Number.isSafeInteger(wanted), "malformed", { wanted });
  if (typeof wanted === "number" || typeof wanted === "bigint") return { int: `${wanted}` };
  if (Array.isArray(wanted)) return wanted.map(plain);
  if (wanted === null || typeof wanted !== "object") return wanted;
  return Object.fromEntries(Object.entries(wanted).map(([form, value]) => [form, plain(value)]));
}

/** The hash of an entry, or of a row, as a leaf of a tree. */
export const leafHash = (bytes) => sha256(Uint8Array.of(0), bytes);

/** The hash of the node above two others. */
export const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

/** The root over rows, as RFC 6962 has it. */
async function rowsRoot(rows) {
  if (rows.length < 2) return rows.length ? leafHash(rows[0]) : sha256();
  let split = 1;
  while (split * 2 < rows.length) split *= 2;
  return nodeHash(await rowsRoot(rows.slice(0, split)), await rowsRoot(rows.slice(split)));
}

/** What signing `intent`, opened as `parts`, would do, for people to read before they sign. */
export function show(intent, parts) {
  const until = new Date(Number(intent.notAfterUs / 1000n)).toISOString().slice(0, 19);
  const lines = [`log ${hex(intent.log)}, until ${until}Z`];
  for (const [account, key] of intent.signers) lines.push(`signed by ${account}, key ${hex(key)}`);
  for (const [stream, events] of parts) {
    lines.push(`in ${stream}`);
    for (const [kind, body] of events) {
      lines.push(`  ${kind}`);
      for (const [name, value] of body) lines.push(`    ${printable(name)}: ${phrase(value)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function phrase(value) {
  if (value === null) return "nothing";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return `"${printable(value)}"`;
  if (Array.isArray(value)) return `[${value.map(phrase).join(", ")}]`;
  const [[form, what]] = Object.entries(value);
  if (form === "opens") return `${phrase(what)}, hidden in the log`;
  if (form !== "rows") return what;
  const listed = what.slice(0, 100).map(([whom, amountG]) => `\n      ${phrase(whom)}: ${amountG}`);
  return `${what.length} rows${listed.join("")}${what.length > 100 ? "\n      ..." : ""}`;
}

/** `text` with everything escaped that could change how what stands beside it reads. */
export function printable(text) {
  const escaped = (character) => `\\u{${character.codePointAt(0).toString(16)}}`;
  return text.replace(/["\\\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, escaped);
}
