/**
 * Bytes as the format has them: hex, base64 and the canonical form of docs/format.md, section 1, read strictly.
 *
 * Integers are BigInt, byte strings Uint8Array, maps Map: nothing is rounded, and `true` is not 1.
 */

/** Plain values as JSON; what JSON cannot say exactly is a string. */
export const json = (value, indent) =>
  JSON.stringify(value, (_, one) => (typeof one === "bigint" ? `${one}` : one), indent);

/** Something is not as it must be. `code` is stable, `facts` say what. */
export class ClientError extends Error {
  constructor(code, facts = {}) {
    super(`${code} ${json(facts)}`);
    Object.assign(this, { name: "ClientError", code, facts });
  }
}

/** Returns if it `holds`, else throws. */
export function require(holds, code, facts) {
  if (!holds) throw new ClientError(code, facts);
}

export const utf8 = (text) => new TextEncoder().encode(text);
export const hex = (bytes) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const same = (one, other) =>
  one.length === other.length && one.every((byte, place) => byte === other[place]);

export function join(...pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

export function unhex(text) {
  const spelled = typeof text === "string" && /^([0-9a-f]{2})*$/.test(text);
  require(spelled, "malformed", { why: "not hex" });
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** The bytes that canonical base64 says. */
export function unbase64(text, code = "malformed") {
  const spelled = typeof text === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  require(spelled && text.length % 4 === 0, code, { why: "not base64" });
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  require(base64(bytes) === text, code, { why: "not canonical base64" });
  return bytes;
}

export async function sha256(...pieces) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", join(...pieces)));
}

/** A big-endian head: a first byte, and a number in so many bytes after it. */
function head(first, number, size) {
  const bytes = new Uint8Array(1 + size);
  bytes[0] = first;
  for (let place = size, rest = BigInt(number); place > 0; place -= 1, rest >>= 8n) {
    bytes[place] = Number(rest & 255n);
  }
  return bytes;
}

/** The shortest of the heads [first byte, size] whose size holds `number`. */
function shortest(number, ...heads) {
  const [first, size] = heads.find(([, size]) => BigInt(number) < 1n << BigInt(8 * size));
  return head(first, number, size);
}

/** The canonical bytes of null, booleans, integers (BigInt), Uint8Array, strings, arrays and Maps. */
export function encode(value, depth = 16) {
  if (value === null) return head(0xc0, 0, 0);
  if (typeof value === "boolean") return head(value ? 0xc3 : 0xc2, 0, 0);
  if (typeof value === "bigint") return encodeInteger(value);
  if (typeof value === "string" && value.isWellFormed()) return encodeText(utf8(value));
  if (value instanceof Uint8Array) {
    return join(shortest(value.length, [0xc4, 1], [0xc5, 2], [0xc6, 4]), value);
  }
  require(depth > 0, "not_canonical", { why: "too deep" });
  if (Array.isArray(value)) {
    const items = value.map((item) => encode(item, depth - 1));
    const few = items.length < 16 && head(0x90 + items.length, 0, 0);
    return join(few || shortest(items.length, [0xdc, 2], [0xdd, 4]), ...items);
  }
  const keys = value instanceof Map && [...value.keys()].every((key) => typeof key === "string");
  require(keys, "not_canonical", { why: typeof value });
  const pairs = [...value].map(([key, item]) => [utf8(key), encode(key), encode(item, depth - 1)]);
  pairs.sort(([one], [other]) => compare(one, other));
  const few = pairs.length < 16 && head(0x80 + pairs.length, 0, 0);
  const items = pairs.flatMap(([, key, item]) => [key, item]);
  return join(few || shortest(pairs.length, [0xde, 2], [0xdf, 4]), ...items);
}

function encodeText(bytes) {
  const short = bytes.length < 32 && head(0xa0 + bytes.length, 0, 0);
  return join(short || shortest(bytes.length, [0xd9, 1], [0xda, 2], [0xdb, 4]), bytes);
}

function encodeInteger(value) {
  require(value >= -(1n << 63n) && value < 1n << 63n, "not_canonical", { why: "beyond 64 bits" });
  if (value >= -32n && value < 128n) return head(Number(value & 255n), 0, 0);
  if (value > 0) return shortest(value, [0xcc, 1], [0xcd, 2], [0xce, 4], [0xcf, 8]);
  const [first, size] = [[0xd0, 1], [0xd1, 2], [0xd2, 4], [0xd3, 8]].find(
    ([, size]) => value >= -(1n << BigInt(8 * size - 1)),
  );
  return head(first, BigInt.asUintN(64, value), size);
}

/** Byte strings in order: negative, zero or positive. */
export function compare(one, other) {
  const place = one.findIndex((byte, place) => byte !== other[place]);
  return place < 0 ? one.length - other.length : one[place] - (other[place] ?? -1);
}

/** The value whose canonical bytes are `bytes`; integers as BigInt, maps as Map. */
export function decode(bytes, most) {
  require(bytes.length <= most, "too_long", { bytes: bytes.length });
  const reader = new Reader(bytes);
  const value = reader.value(16);
  // Written again: what had another, longer or unordered form does not come out the same.
  require(same(encode(value), bytes), "not_canonical");
  return value;
}

// How many bytes the length has, after the first byte of longer strings, arrays and maps.
const SIZES = {
  ...{ 0xc4: 1, 0xc5: 2, 0xc6: 4, 0xd9: 1, 0xda: 2, 0xdb: 4 },
  ...{ 0xdc: 2, 0xdd: 4, 0xde: 2, 0xdf: 4 },
};

class Reader {
  constructor(bytes) {
    Object.assign(this, { bytes, at: 0 });
  }

  take(size) {
    require(this.at + size <= this.bytes.length, "not_canonical", { why: "cut short" });
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  number(size) {
    return this.take(size).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  }

  value(depth) {
    const [first] = this.take(1);
    if (first < 0x80) return BigInt(first);
    if (first >= 0xe0) return BigInt(first - 256);
    if (first < 0x90) return this.map(first - 0x80, depth);
    if (first < 0xa0) return this.array(first - 0x90, depth);
    if (first < 0xc0) return this.text(first - 0xa0);
    if (first === 0xc0) return null;
    if (first === 0xc2 || first === 0xc3) return first === 0xc3;
    const size = SIZES[first];
    if (first >= 0xcc && first <= 0xcf) return this.number(1 << (first - 0xcc));
    if (first >= 0xd0 && first <= 0xd3) {
      return BigInt.asIntN(8 << (first - 0xd0), this.number(1 << (first - 0xd0)));
    }
    require(size !== undefined, "not_canonical", { why: "a float or an extension" });
    const length = Number(this.number(size));
    if (first <= 0xc6) return this.take(length).slice();
    if (first <= 0xdb) return this.text(length);
    return first <= 0xdd ? this.array(length, depth) : this.map(length, depth);
  }

  text(size) {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(size));
    } catch (error) {
      throw new ClientError("not_canonical", { why: `no UTF-8: ${error.message}` });
    }
  }

  array(length, depth) {
    require(depth > 0, "not_canonical", { why: "too deep" });
    const items = [];
    while (items.length < length) items.push(this.value(depth - 1));
    return items;
  }

  map(length, depth) {
    require(depth > 0, "not_canonical", { why: "too deep" });
    const map = new Map();
    for (let pair = 0; pair < length; pair += 1) {
      const key = this.value(0);
      map.set(key, this.value(depth - 1));
    }
    return map;
  }
}
