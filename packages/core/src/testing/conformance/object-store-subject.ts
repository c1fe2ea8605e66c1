/**
 * What the suite of object stores is given, and the small tools its cases share.
 */
import type { ObjectStore } from '../../checkpoint/object-store.ts'
import { expect } from './expect.ts'

export interface ObjectStoreSubject {
  readonly store: ObjectStore
  /**
   * A second handle on the same objects, while the first is in use or behind its close, as another
   * process would have. A store that has no such thing leaves it out; the cases about it then use
   * the one handle.
   */
  reopen?(): Promise<ObjectStore>
  dispose(): Promise<void>
}

export const megabyte = 1_048_576
export const racers = 8

export async function createAll(store: ObjectStore, keys: readonly string[]): Promise<void> {
  const answers = await settled(keys.map((key, i) => store.create(key, marked(i))))
  expect(
    answers.every((answer) => answer === 'created'),
    'each key is created',
  )
}

export async function bytesOf(store: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  return (await store.get(key))?.bytes
}

/**
 * Waits for all before it fails for one: nothing of a case runs on while its subject is disposed
 * of.
 */
export async function settled<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work)
  return Promise.all(work)
}

export function marked(mark: number): Uint8Array {
  return filled(64, mark)
}

export function filled(length: number, mark: number): Uint8Array {
  return new Uint8Array(length).fill(mark & 0xff)
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
