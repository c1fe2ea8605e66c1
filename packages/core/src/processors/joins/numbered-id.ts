/**
 * Numbered ids: a key's bytes and a number, ordered by key, then number. Zeros of the key are escaped and two zeros end it, so that a
 * key comes before its extensions whatever the number is:
 *
 *     key bytes, each 00 as 00 ff | 00 00 | number, 6 bytes, big-endian
 */
const numberBytes = 6

export function numberedId(key: Uint8Array, number: number): Uint8Array {
  let zeros = 0
  for (let i = 0; i < key.length; i++) if (key[i] === 0) zeros++
  const id = new Uint8Array(key.length + zeros + 2 + numberBytes)
  let at = 0
  for (let i = 0; i < key.length; i++) {
    const byte = key[i]!
    id[at++] = byte
    if (byte === 0) id[at++] = 0xff
  }
  let rest = number
  for (let i = id.length - 1; i >= at + 2; i--) {
    id[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return id
}

/** The key's bytes, as a copy. */
export function keyOfId(id: Uint8Array): Uint8Array {
  const end = id.length - numberBytes - 2
  const key = new Uint8Array(end)
  let length = 0
  for (let at = 0; at < end; at++) {
    key[length++] = id[at]!
    if (id[at] === 0) at++
  }
  return key.subarray(0, length)
}
