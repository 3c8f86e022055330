/**
 * What came back, and whether the log really holds it: signatures, checkpoints, proofs, and what was seen before.
 *
 * A receipt is believed if the entry in it is the intent that was sent, the entry is a leaf of the tree whose root a
 * checkpoint says, the pinned key signed that checkpoint, and the log goes on from what this client saw of it before.
 * docs/format.md, sections 3 and 9. The same as carbon_receipt.py.
 */

import { ClientError, decode, hex, require, same, sha256 } from "./carbon-bytes.mjs";
import { unbase64, unhex, utf8 } from "./carbon-bytes.mjs";
import { leafHash, nodeHash } from "./carbon-intent.mjs";

const ENTRY_BYTES_MAX = 65_535;
const P = 2n ** 255n - 19n;
// The y of the points of small order.
const SMALL = [
  0n,
  1n,
  P - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
];

/** Returns if `signature` over `message` is by the Ed25519 key `publicKey`, else throws `bad_signature`. */
export async function checkSignature(publicKey, message, signature) {
  const sized = publicKey.length === 32 && signature.length === 64;
  // What lies under WebCrypto may let these pass: points of small order, and encodings of p and more.
  const sound = [publicKey, signature].every((bytes) => {
    const y = BigInt(`0x${hex(bytes.slice(0, 32).reverse())}`) & ((1n << 255n) - 1n);
    return y < P && !SMALL.includes(y);
  });
  require(sized && sound, "bad_signature");
  const holds = crypto.subtle
    .importKey("raw", publicKey, "Ed25519", false, ["verify"])
    .then((key) => crypto.subtle.verify("Ed25519", key, signature, message));
  require(await holds.catch(() => false), "bad_signature");
}

/**
 * The checkpoint in `note`, signed under the pinned `vkey`, as {size, root, note}; else throws `bad_vkey`, `bad_note`,
 * `bad_checkpoint`, `wrong_origin`, `bad_checkpoint_signature`.
 */
export async function openCheckpoint(note, vkey) {
  const [name, own, publicKey] = await readVkey(vkey);
  require(typeof note === "string", "bad_note");
  const cut = note.lastIndexOf("\n\n");
  const [text, lines] = [note.slice(0, cut + 1), note.slice(cut + 2)];
  const plain = utf8(note).length <= 65_536 && !/[\0-\t\v-\x1f]/.test(note);
  require(plain && cut >= 0 && /^([^\n]+\n){1,100}$/.test(lines), "bad_note");
  const signed = lines.slice(0, -1).split("\n").map(readLine);
  const [origin, size, root] = readCheckpoint(text);
  require(origin === name, "wrong_origin", { origin });
  const mine = signed.filter(([whose, line]) => whose === name && same(line.slice(0, 4), own));
  require(mine.length > 0, "bad_checkpoint_signature");
  for (const [, line] of mine) {
    await checkSignature(publicKey, utf8(text), line.slice(4)).catch(() => {
      throw new ClientError("bad_checkpoint_signature");
    });
  }
  return { size, root, note };
}

/** A vkey's name, key id and public key. */
async function readVkey(vkey) {
  const [, name, id, coded] = /^([!-*,-~]{1,128})\+([0-9a-f]{8})\+(\S+)$/.exec(vkey) ?? [];
  require(name !== undefined, "bad_vkey");
  const typed = unbase64(coded, "bad_vkey");
  const own = (await sha256(utf8(`${name}\n`), typed)).slice(0, 4);
  require(typed.length === 33 && typed[0] === 1 && hex(own) === id, "bad_vkey");
  return [name, own, typed.slice(1)];
}

/** A signature line's name, and its key id followed by the signature. */
function readLine(line) {
  const [, name, coded] = /^— ([!-*,-~]{1,128}) (\S+)$/.exec(line) ?? [];
  require(name !== undefined, "bad_note");
  const signed = unbase64(coded, "bad_note");
  require(signed.length > 4, "bad_note");
  return [name, signed];
}

function readCheckpoint(text) {
  const pattern = /^([!-*,-~]{1,128})\n(0|[1-9][0-9]{0,18})\n(\S+)\n$/;
  const [, origin, decimal, coded] = pattern.exec(text) ?? [];
  require(origin !== undefined, "bad_checkpoint");
  const [size, root] = [BigInt(decimal), unbase64(coded, "bad_checkpoint")];
  require(size < 1n << 63n && root.length === 32, "bad_checkpoint");
  return [origin, size, root];
}

/**
 * Returns if the log of `checkpoint` is the one that was `seen` before, else throws `forked`, `bad_path`; the greater of
 * both is remembered. `seen` has getItem and setItem, such as localStorage; `prove(old, new)` asks for a proof.
 */
export async function remember(checkpoint, vkey, seen, prove) {
  const name = `carbon-checkpoint/${vkey}`;
  const note = seen.getItem(name);
  const old = note === null ? checkpoint : await openCheckpoint(note, vkey);
  const [first, last] = old.size <= checkpoint.size ? [old, checkpoint] : [checkpoint, old];
  const grown = first.size > 0n && first.size < last.size;
  await checkConsistent(first, last, grown ? await prove(first.size, last.size) : []);
  if (note === null || checkpoint.size > old.size) seen.setItem(name, checkpoint.note);
}

const bits = (number) => (number === 0n ? 0 : number.toString(2).length);
const ones = (number) => number.toString(2).replaceAll("0", "").length;
const hashes = (path) => path.every((one) => one instanceof Uint8Array && one.length === 32);

/** Returns if the tree of `next` begins with that of `old`, else throws. Source: RFC 9162, section 2.1.4.2. */
export async function checkConsistent(old, next, path) {
  if (old.size === 0n || old.size === next.size) {
    const alike = old.size === 0n || same(old.root, next.root);
    require(alike && path.length === 0, "forked", { size: old.size });
    return;
  }
  const shift = bits(old.size & -old.size) - 1;
  const inner = bits((old.size - 1n) ^ (next.size - 1n)) - shift;
  const border = ones((old.size - 1n) >> BigInt(inner + shift));
  const [seed, ...rest] = old.size === 1n << BigInt(shift) ? [old.root, ...path] : path;
  const whole = seed !== undefined && rest.length === inner + border && hashes([seed, ...rest]);
  require(whole, "bad_path", { hashes: path.length });
  let [first, second] = [seed, seed];
  for (const [level, sibling] of rest.entries()) {
    const left = level >= inner || ((old.size - 1n) >> BigInt(shift + level)) & 1n;
    if (left) first = await nodeHash(sibling, first);
    second = await (left ? nodeHash(sibling, second) : nodeHash(second, sibling));
  }
  require(same(first, old.root) && same(second, next.root), "forked", { size: old.size });
}

/** Returns if `leaf` is at `index` in the tree of `checkpoint`, else throws. Source: RFC 9162, section 2.1.3.2. */
export async function checkIncluded(leaf, index, path, checkpoint) {
  require(index >= 0n && index < checkpoint.size, "not_included", { index, size: checkpoint.size });
  const inner = bits(index ^ (checkpoint.size - 1n));
  const whole = path.length === inner + ones(index >> BigInt(inner)) && hashes(path);
  require(whole, "bad_path", { hashes: path.length });
  let root = leaf;
  for (const [level, sibling] of path.entries()) {
    const left = level >= inner || (index >> BigInt(level)) & 1n;
    root = await (left ? nodeHash(sibling, root) : nodeHash(root, sibling));
  }
  require(same(root, checkpoint.root), "not_included", { index });
}

/** The leaf hash of `entry`, which records `intent`; else throws `too_long`, `not_canonical`, `other_entry`. */
export async function checkEntry(entry, intent) {
  require(entry instanceof Uint8Array, "other_entry");
  const value = decode(entry, ENTRY_BYTES_MAX);
  const shaped = Array.isArray(value) && value.length === 6 && value[2] instanceof Uint8Array;
  const recorded = shaped && value[0] === "carbon-registry/entry/v1" && same(value[2], intent.data);
  require(recorded, "other_entry");
  return leafHash(entry);
}

/**
 * What a receipt comes to once nothing in it is taken on trust: where the log holds `intent`, and how long it is.
 * `get` asks the server, given a path below /v1 and maybe a media type; `seen` is as in `remember`.
 */
export async function believe(get, receipt, intent, vkey, seen) {
  const index = receipt?.index;
  require(Number.isSafeInteger(index), "bad_answer", { field: "index" });
  const entry = await get(`log/entries/${index}`, "application/octet-stream");
  const leaf = await checkEntry(entry, intent);
  const [note, path] = proofIn(await get(`log/entries/${index}/proof`));
  const checkpoint = await openCheckpoint(note, vkey);
  await checkIncluded(leaf, BigInt(index), path, checkpoint);
  await remember(checkpoint, vkey, seen, async (old, size) => {
    const [, found] = proofIn(await get(`log/consistency?from=${old}&to=${size}`));
    return found;
  });
  return { index, leaf: hex(leaf), size: Number(checkpoint.size) };
}

/** The note and the hashes in a proof that the server said. */
function proofIn(said) {
  require(Array.isArray(said?.path), "bad_answer", { field: "path" });
  return [said.checkpoint, said.path.map(unhex)];
}
