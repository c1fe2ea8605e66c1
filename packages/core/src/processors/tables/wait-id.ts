/**
 * Ids of rows that wait: they sort by the bytes of the key, whatever serde made them, then by the order of arrival. A zero in the key
 * is written as 00 ff, and 00 00 ends it, so that a key sorts before those that it is the beginning of.
 *
 * ```
 * key, escaped | 00 00 | arrival f64, big-endian
 * ```
 */
const tail = 10

export function waitId(key: Uint8Array, arrival: number): Uint8Array {
  let zeros = 0
  for (let i = 0; i < key.length; i++) if (key[i] === 0) zeros++
  const id = new Uint8Array(key.length + zeros + tail)
  let at = 0
  for (let i = 0; i < key.length; i++) {
    id[at++] = key[i]!
    if (key[i] === 0) id[at++] = 0xff
  }
  new DataView(id.buffer).setFloat64(at + 2, arrival)
  return id
}

export function keyOfWaitId(id: Uint8Array): Uint8Array {
  const end = id.length - tail
  const key = new Uint8Array(end)
  let length = 0
  for (let i = 0; i < end; i++) {
    key[length++] = id[i]!
    if (id[i] === 0) i++
  }
  return key.subarray(0, length)
}
