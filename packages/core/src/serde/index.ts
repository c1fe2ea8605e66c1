/**
 * The serdes: bytes to values and back, synchronous and pure, safe on hostile bytes. This folder
 * may import errors, assert, hash and time; msgpack.ts alone imports a third party, schema.ts and
 * json.ts the types of Standard Schema.
 */
export { bytes } from './bytes.ts'
export { json, type JsonOptions } from './json.ts'
export { decodeKey, encodeKey, type Key, keyCodec } from './key-codec.ts'
export { msgpack, type MsgpackOptions } from './msgpack.ts'
export { bigint64, double, int32, int64 } from './number.ts'
export { checkSchema, describeIssues, isSchema, validateSync } from './schema.ts'
export type { Decoder, Encoder, Serde } from './serde.ts'
export { string } from './string.ts'
