/**
 * The values of msgpack(), before packing and after unpacking. `packable` refuses what would not
 * come back equal (functions, class instances, invalid dates, cycles, ...). Plain MessagePack has
 * no Map or Set: they travel as arrays that begin with a marker and 0 or 1. Values without them,
 * nearly all, are neither copied nor walked after unpacking.
 */
import { MillraceError } from '../errors.ts'
import { isDate } from './date-value.ts'
import { kindOf } from './kind-of.ts'
import { bigintBytesMax } from './msgpack-scan.ts'
import { isUnsafeKey } from './unsafe-key.ts'
import { isWellFormed } from './utf8.ts'

/** The value itself, or a copy with each Map and Set replaced. Throws MILLRACE_ENCODE. */
export function packable(value: unknown, depthMax: number, marker: object): unknown {
  return holdsCollection(value, depthMax) ? replaceCollections(value, marker) : value
}

/** Undoes the replacement in a freshly unpacked value, in place. */
export function revive(value: unknown, marker: object): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) value[at] = revive(value[at], marker)
    return value[0] === marker ? collectionOf(value) : value
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  const object = value as Record<string, unknown>
  for (const key of Object.keys(object)) object[key] = revive(object[key], marker)
  return object
}

/** Checks a value and everything in it; true when it holds a Map or Set. A cycle ends at the depth limit. */
function holdsCollection(value: unknown, depthLeft: number): boolean {
  switch (typeof value) {
    case 'number':
    case 'boolean':
    case 'undefined':
      return false
    case 'string':
      if (isWellFormed(value)) return false
      throw refused('text with a lone surrogate', 'call toWellFormed() on it first')
    case 'bigint':
      if (BigInt.asIntN(bigintBytesMax * 8, value) === value) return false
      throw refused(`a bigint of more than ${bigintBytesMax} bytes`, 'encode it as text')
    case 'object':
      return value !== null && objectHoldsCollection(value, depthLeft)
    case 'function':
    case 'symbol':
      throw refused(kindOf(value), 'leave it out')
  }
}

function objectHoldsCollection(value: object, depthLeft: number): boolean {
  if (value instanceof Uint8Array) return false
  if (isDate(value)) {
    if (Number.isNaN(value.getTime())) throw refused('an invalid Date', 'use null or leave it out')
    return false
  }
  if (depthLeft === 0)
    throw refused('a value that deep, or a cycle', 'flatten it, or raise msgpack({ depthMax })')
  let holds = false
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      if (holdsCollection(value[at], depthLeft - 1)) holds = true
    }
    return holds
  }
  if (value instanceof Map) {
    for (const [key, entry] of value) {
      holdsCollection(key, depthLeft - 1)
      holdsCollection(entry, depthLeft - 1)
    }
    return true
  }
  if (value instanceof Set) {
    for (const entry of value) holdsCollection(entry, depthLeft - 1)
    return true
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw refused(kindOf(value), 'map it to a plain object: its class would be lost')
  }
  for (const key in value) {
    if (isUnsafeKey(key)) throw refused(`an object with a key ${key}`, 'rename it, or use a Map')
    if (!isWellFormed(key))
      throw refused('a key with a lone surrogate', 'call toWellFormed() on it first')
    if (holdsCollection((value as Record<string, unknown>)[key], depthLeft - 1)) holds = true
  }
  return holds
}

function replaceCollections(value: unknown, marker: object): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Array.from(value, (item) => replaceCollections(item, marker))
  if (value instanceof Map) {
    const flat: unknown[] = [marker, 0]
    for (const [key, entry] of value) {
      flat.push(replaceCollections(key, marker), replaceCollections(entry, marker))
    }
    return flat
  }
  if (value instanceof Set) {
    const flat: unknown[] = [marker, 1]
    for (const entry of value) flat.push(replaceCollections(entry, marker))
    return flat
  }
  if (value instanceof Uint8Array || isDate(value)) return value
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    copy[key] = replaceCollections((value as Record<string, unknown>)[key], marker)
  }
  return copy
}

function collectionOf(flat: unknown[]): unknown {
  if (flat[1] === 1) return new Set(flat.slice(2))
  const entries = new Map<unknown, unknown>()
  for (let at = 2; at < flat.length; at += 2) entries.set(flat[at], flat[at + 1])
  return entries
}

function refused(what: string, advice: string): MillraceError {
  return new MillraceError('MILLRACE_ENCODE', `msgpack() cannot encode ${what}: ${advice}`)
}
