/** The order of keys in every store: unsigned, byte by byte, a prefix before its extensions. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** The lowest bytes above these. */
export function withZero(bytes: Uint8Array): Uint8Array {
  const longer = new Uint8Array(bytes.length + 1)
  longer.set(bytes)
  return longer
}

/** Those in [from, to), in order. */
export function sortedBetween<E extends { readonly bytes: Uint8Array }>(
  entries: Iterable<E>,
  from: Uint8Array | undefined,
  to: Uint8Array | undefined,
  reverse: boolean,
): E[] {
  const found: E[] = []
  for (const entry of entries) {
    if (from !== undefined && compareBytes(entry.bytes, from) < 0) continue
    if (to !== undefined && compareBytes(entry.bytes, to) >= 0) continue
    found.push(entry)
  }
  return found.sort((a, b) =>
    reverse ? compareBytes(b.bytes, a.bytes) : compareBytes(a.bytes, b.bytes),
  )
}

/** The lowest bytes above everything that begins with `prefix`; undefined when there are none. */
export function behindPrefix(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length--
  if (length === 0) return undefined
  const behind = prefix.slice(0, length)
  behind[length - 1]!++
  return behind
}
