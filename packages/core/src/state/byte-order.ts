/** The order of keys in every store: unsigned, byte by byte, a prefix before its extensions. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
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
