/** The key under which a due entry lies in deltas and on disk: its time in eight bytes that sort like the number, then its id. */
export function dueKey(time: number, id: Uint8Array): Uint8Array {
  const key = new Uint8Array(8 + id.length)
  new DataView(key.buffer).setBigInt64(0, BigInt(time) ^ signBit)
  key.set(id, 8)
  return key
}

export function parseDueKey(key: Uint8Array): { readonly time: number; readonly id: Uint8Array } {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  return { time: Number(view.getBigInt64(0) ^ signBit), id: key.subarray(8) }
}

/** Flipped, so that times below 0 come first. */
const signBit = -(1n << 63n)
